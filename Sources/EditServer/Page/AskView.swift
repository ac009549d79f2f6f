import Edits
import Errata
import Foundation

/// Ask the model: what it says, what it would say unedited, and which edit made the difference.
struct AskView {
    let frame: PageFrame
    var prompt = ""
    /// The version that is asked, by its name; the current one where it is empty.
    var version = ""
    var found: (answer: ExplainedAnswer, version: String)?
    var fault: String?

    var html: HTML {
        frame.document(
            found == nil ? "Ask" : prompt, at: .ask,
            """
            <h1>Ask the model</h1>
            <p class="lead">What it says now, beside what it would say unedited.</p>
            \(frame.fault(fault))
            <form method="post" action="/page/ask">\(frame.formField)
            <div class="field wide"><label for="prompt">A question, or the beginning of a \
            sentence</label>
            <textarea id="prompt" name="prompt" required maxlength="20000" rows="2">\(prompt)\
            </textarea></div>
            <div class="row">\(versions)<button class="main" data-busy="Asking …">Ask</button></div>
            </form>
            \(found.map { answer($0.answer, by: $0.version) })
            """)
    }

    private var versions: HTML? {
        guard let shelf = frame.tenant?.versions, shelf.all.count > 2 else { return nil }
        let options = shelf.all.dropFirst().dropLast().map { kept -> HTML in
            let mark = HTML.flag("selected", kept.name == version)
            return "<option value=\"\(kept.name)\"\(mark)>\(kept.name)</option>"
        }
        return """
            <div class="middle"><label for="version">Version</label>
            <select id="version" name="version">\
            <option value="">\(shelf.current.name), the current one</option>\(options)</select></div>
            """
    }

    private func answer(_ found: ExplainedAnswer, by version: String) -> HTML {
        let after = found.trace.decision == .edited ? "after edited" : "after"
        return """
            <section aria-labelledby="answer">
            <h2 id="answer">\(heading(found))</h2>
            <div class="pair">
            <div><h3>The unedited model</h3><div class="said">\(shown(found.before))</div></div>
            <div class="\(after)"><h3>Version \(version)</h3>\
            <div class="said">\(shown(found.after))</div></div>
            </div>
            </section>
            <section aria-labelledby="why">
            <h2 id="why">Why</h2>
            <dl>\(TraceFields(found: found).rows)<dt>Version</dt><dd>\(version)</dd></dl>
            </section>
            """
    }

    private func heading(_ found: ExplainedAnswer) -> String {
        switch found.trace.decision {
        case .deferred: "No correction covers it: the unedited model answers"
        case .edited:
            found.before == found.after
                ? "A correction covers it" : "A correction made the difference"
        }
    }

    private func shown(_ answer: String) -> HTML {
        let text = answer.trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "<span class=\"hint\">(nothing)</span>" : "\(text)"
    }
}

/// Why an answer is as it is, for people.
private struct TraceFields {
    let found: ExplainedAnswer

    var rows: [HTML] {
        let fields: [(String, HTML?)] = [
            ("Decision", decision), ("Nearest", nearest), ("Distance", distance),
            ("Route", found.trace.code.map { "<code>\($0)</code>" }), ("Answered by", answerer),
        ]
        return fields.compactMap { name, value -> HTML? in
            value.map { "<dt>\(name)</dt><dd>\($0)</dd>" }
        }
    }

    private var decision: HTML {
        switch found.trace.decision {
        case .edited: "<span class=\"state live\">edited</span>"
        case .deferred: "<span class=\"state\">deferred</span>"
        }
    }

    private var nearest: HTML? {
        if let entry = found.edit {
            return """
                <a href="/page/edits/\(entry.sequence)">\(entry.record.prompt)</a> → \
                \(entry.record.target)
                """
        }
        return found.trace.nearestEdit.map { "\($0)" }
    }

    private var distance: HTML? {
        guard let distance = found.trace.distance else { return nil }
        let edge: HTML? = found.trace.threshold.map {
            "; it covers what is nearer than \(short($0))"
        }
        let measure: HTML? = found.trace.gate.map {
            "<div class=\"hint\">measured as \($0.words)</div>"
        }
        return "\(short(distance))\(edge)\(measure)"
    }

    private var answerer: HTML {
        switch found.trace.tier {
        case .adapters: "what was learned"
        case .retrieval: "the log itself, until it is learned"
        case nil: "the unedited model"
        }
    }

    private func short(_ number: Double) -> String {
        let rounded = (number * 1000).rounded() / 1000
        guard abs(rounded) < 1e9 else { return "far" }
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension RouteTrace.Gate {
    fileprivate var words: String {
        switch self {
        case .code: "bits that differ between route codes"
        case .match: "the way from the wording that was taught: 0 is the same, 1 the edge"
        case .radius: "the way to a stored key, in radii of it"
        case .score: "a trained gate’s score"
        }
    }
}
