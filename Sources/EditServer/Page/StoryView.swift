import Edits
import Errata

/// The story of one correction: what it says, how it was probed, what became of it, by whom and why.
struct StoryView {
    let frame: PageFrame
    let ledger: Ledger
    let entry: Ledger.Entry

    private var edit: EditBody { EditBody(entry, in: ledger, tenant: nil) }
    private var story: [LogEvent] { ledger.story(of: entry) }

    var html: HTML {
        frame.document(
            entry.record.prompt,
            """
            <p class="way"><a href="/">Corrections</a> / #\(entry.sequence)</p>
            <h1>\(entry.record.prompt)</h1>
            <p class="said">\(entry.record.target)</p>
            <p><span class="state \(edit.state)">\(standing)</span></p>
            \(actions)
            <div class="columns">
            <div>
            <section aria-labelledby="record"><h2 id="record">What it says</h2>\(record)</section>
            \(probes)
            </div>
            <section aria-labelledby="story"><h2 id="story">What became of it</h2>
            <ol class="story">\(story.map(line))</ol></section>
            </div>
            """)
    }

    private var standing: HTML {
        func link(_ event: Int) -> HTML {
            ledger.entries[event] == nil
                ? "#\(event)" : "<a href=\"/page/edits/\(event)\">#\(event)</a>"
        }
        return switch ledger.standing(of: entry.sequence) {
        case .live: "live"
        case .pending: "accepted, and not yet learned"
        case .rejected: "rejected"
        case .undone(let event): "taken back by #\(event)"
        case .superseded(let event): "superseded by \(link(event))"
        }
    }

    private var actions: HTML {
        let ask: HTML = """
            <form method="post" action="/page/ask">\(frame.formField)\
            <input type="hidden" name="prompt" value="\(entry.record.prompt)">\
            <button data-busy="Asking …">Ask this prompt</button></form>
            """
        return "<div class=\"actions\">\(ask)\(frame.mayApprove ? undo : nil)</div>"
    }

    /// The way to the page that asks once more.
    private var undo: HTML? {
        func link(_ event: Int, _ words: String) -> HTML {
            "<a class=\"button\" href=\"/page/undo/\(event)\">\(words)</a>"
        }
        switch ledger.standing(of: entry.sequence) {
        case .live, .pending, .superseded:
            let together = ledger.transaction(entry.transaction)?.entries.count ?? 1
            let whole = publication.map(\.sequence).flatMap { event in
                together > 1
                    ? link(event, "Take back all \(together) that came with it …") : nil
            }
            return "\(link(entry.sequence, "Take it back …"))\(whole)"
        case .undone(let event): return link(event, "Bring it back …")
        case .rejected: return nil
        }
    }

    private var record: HTML {
        let record = entry.record
        let fields: [(String, String?)] = [
            ("Name", record.id), ("Subject", record.subject), ("Relation", record.relation),
            ("Former answer", record.formerAnswer), ("Because", record.reason),
            ("Source", record.source),
            ("Tags", record.tags.isEmpty ? nil : record.tags.joined(separator: ", ")),
            ("As a chat", record.chatPrompt),
            ("Valid from", record.validFrom), ("Valid until", record.validUntil),
            ("Versions", versions),
        ]
        let rows = fields.compactMap { name, value -> HTML? in
            value.map { "<dt>\(name)</dt><dd>\($0)</dd>" }
        }
        return """
            <dl>\(rows)\(list("Other wordings", record.rephrases))\
            \(list("Must stay as they are", record.locality.map(\.prompt)))\(superseded)</dl>
            """
    }

    private func list(_ name: String, _ items: [String]) -> HTML {
        guard !items.isEmpty else { return .nothing }
        let lines = items.map { item -> HTML in "<li>\(item)</li>" }
        return "<dt>\(name)</dt><dd><ul>\(lines)</ul></dd>"
    }

    private var superseded: HTML? {
        guard !entry.supersedes.isEmpty else { return nil }
        let lines = entry.supersedes.compactMap { ledger.entries[$0] }.map { earlier -> HTML in
            """
            <li><a href="/page/edits/\(earlier.sequence)">#\(earlier.sequence)</a> \
            “\(earlier.record.target)”</li>
            """
        }
        return "<dt>In place of</dt><dd><ul>\(lines)</ul></dd>"
    }

    /// What made it live.
    private var publication: LogEvent? {
        story.first {
            if case .publish = $0.content { true } else { false }
        }
    }

    /// In which versions it holds: from its publication on, until what took it back.
    private var versions: String? {
        publication.map { "\($0.sequence)" + (edit.by.map { " to \($0 - 1)" } ?? " and later") }
    }

    private var probes: HTML? {
        story.compactMap(\.report).last.map { report in
            """
            <section aria-labelledby="probes"><h2 id="probes">How it was probed</h2>
            \(ProbesView(report: report).html)</section>
            """
        }
    }

    private func line(_ event: LogEvent) -> HTML {
        let by: HTML? = event.author.map { "<p>by \($0)</p>" }
        // What published it gives the same reason once more.
        let isNews = event.reason != nil && event.kind != .publish
        let reason: HTML? = isNews ? "<p class=\"reason\">“\(event.reason ?? "")”</p>" : nil
        return """
            <li><strong>\(words(for: event))</strong> <span class="hint">#\(event.sequence), \
            \(TimeText(event.time).html) UTC</span>\(by)\(reason)</li>
            """
    }

    private func words(for event: LogEvent) -> String {
        switch event.content {
        case .edit where event.sequence == entry.sequence: "Accepted"
        case .edit(let later): "Superseded by “\(later.record.target)”"
        case .publish(let publication):
            publication.isForced ? "Published, although a probe failed" : "Published"
        case .reject: "Rejected"
        case .undo(let undo):
            undo.targets.contains(entry.sequence) ? "Taken back" : "That was undone"
        case .propose: "Proposed"
        case .config, .note, .decline: event.kind.rawValue
        }
    }
}

extension LogEvent {
    /// What the probes found; nil for an event without.
    fileprivate var report: GateReport? {
        switch content {
        case .publish(let publication): publication.report
        case .reject(let rejection): rejection.report
        case .config, .edit, .undo, .note, .propose, .decline: nil
        }
    }
}
