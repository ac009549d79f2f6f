import Edits
import Errata

/// Asks once more before something is taken back, or brought back.
struct UndoView {
    let frame: PageFrame
    let ledger: Ledger
    /// An edit, a publication, or an undo.
    let event: LogEvent
    var fault: String?

    var html: HTML {
        frame.document(
            question,
            """
            <h1>\(question)</h1>
            \(frame.fault(fault))
            <div class="scroll"><table>
            <thead><tr><th scope="col">Prompt</th><th scope="col">Answer</th></tr></thead>
            <tbody>\(targets.map(row))</tbody>
            </table></div>
            <p>\(consequence)</p>
            <form method="post" action="/page/undo/\(event.sequence)">\(frame.formField)
            <div class="field"><label for="reason">Why, for the log</label>
            <input type="text" id="reason" name="reason" maxlength="2000"></div>
            <div class="actions">
            <button class="\(isRedo ? "main" : "grave")" data-busy="At it …">\(verb)</button>
            <a class="button" href="\(way)">Leave it</a>
            </div>
            </form>
            """)
    }

    private var isRedo: Bool { event.kind == .undo }

    private var verb: String { isRedo ? "Bring it back" : "Take it back" }

    private var question: String {
        switch (isRedo, targets.count) {
        case (false, 1): "Take this correction back?"
        case (false, let count): "Take these \(count) corrections back?"
        case (true, 1): "Bring this correction back?"
        case (true, _): "Bring these corrections back?"
        }
    }

    private var consequence: String {
        isRedo
            ? "It holds again from then on, as if it had never been taken back."
            : "It fires no more at once, and the model forgets it: it answers as if it had never "
                + "had it. The log keeps it, and an undo can be undone."
    }

    private var way: String { targets.first.map { "/page/edits/\($0.sequence)" } ?? "/" }

    private func row(_ entry: Ledger.Entry) -> HTML {
        "<tr><th scope=\"row\">\(entry.record.prompt)</th><td>\(entry.record.target)</td></tr>"
    }

    /// The edits that it is about.
    var targets: [Ledger.Entry] { Self.entries(of: event, in: ledger) }

    private static func entries(of event: LogEvent, in ledger: Ledger) -> [Ledger.Entry] {
        switch event.content {
        case .edit: [ledger.entries[event.sequence]].compactMap(\.self)
        case .publish(let publication):
            (ledger.transaction(publication.transaction)?.entries ?? [])
                .compactMap { ledger.entries[$0] }
        case .undo(let undo):
            // An undo can be of an undo: what it is about in the end are edits.
            undo.targets.flatMap { entries(of: ledger.events[$0 - 1], in: ledger) }
        case .config, .reject, .note, .propose, .decline: []
        }
    }
}

/// Where somebody says who they are.
struct SignInView {
    let frame: PageFrame
    /// Where they wanted to go.
    var way = "/"
    var fault: String?

    var html: HTML {
        frame.document(
            "Sign in",
            """
            <h1>Sign in</h1>
            <p class="lead">With the token you were given. You stay signed in until you sign out or \
            close the browser.</p>
            \(frame.fault(fault))
            <form method="post" action="/page/sign-in">\(frame.formField)
            <input type="hidden" name="to" value="\(way)">
            <div class="field"><label for="token">Token</label>
            <input type="password" id="token" name="token" required maxlength="200" \
            autocomplete="current-password" spellcheck="false"></div>
            <button class="main">Sign in</button>
            </form>
            """)
    }
}

/// What could not be done, in one sentence.
struct FaultView {
    let frame: PageFrame
    let sentence: String

    var html: HTML {
        let way: HTML =
            frame.visitor.reads
            ? "<a href=\"/\">To the corrections</a>" : "<a href=\"/page/ask\">Ask the model</a>"
        return frame.document(
            "That cannot be done",
            """
            <h1>That cannot be done</h1>
            \(frame.fault(sentence))
            <p>\(way)</p>
            """)
    }
}
