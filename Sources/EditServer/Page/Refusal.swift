import Edits
import Errata

/// Why edits did not land.
struct Refusal: Sendable {
    let sentence: String
    /// What the probes found; absent where it did not come to them.
    var report: GateReport?
    /// What the edits met in the log or the calendar.
    var conflicts: [Conflict] = []
    /// The proposal that they came from.
    var proposal: Int?

    /// Whether probes failed, which somebody may decide to overlook.
    var offersForce: Bool { report.map { !$0.isPassed } ?? false }

    init(_ error: any Error, proposal: Int? = nil) {
        let answer = APIError(error)
        sentence = answer.body.message
        report = answer.body.report
        conflicts = answer.body.conflicts ?? []
        self.proposal = proposal
    }
}

/// A refusal with everything that was found.
struct RefusalView {
    let refusal: Refusal
    let ledger: Ledger?

    var html: HTML {
        let from: HTML? = refusal.proposal.map { "Proposal #\($0): " }
        return """
            <div class="message fault" role="alert">
            <p>\(from)\(refusal.sentence)</p>
            \(conflicts)
            \(refusal.report.map { ProbesView(report: $0).html })
            </div>
            """
    }

    private var conflicts: HTML? {
        guard !refusal.conflicts.isEmpty else { return nil }
        let items = refusal.conflicts.map { conflict -> HTML in
            let earlier: HTML? = conflict.earlier.flatMap { event in
                ledger?.entries[event].map {
                    " <a href=\"/page/edits/\(event)\">#\(event) says “\($0.record.target)”</a>"
                }
            }
            return "<li>\(conflict.kind.rawValue): \(conflict.description)\(earlier)</li>"
        }
        return "<ul>\(items)</ul>"
    }

    /// What happens to an earlier correction that says something else.
    static func policyField(id: String, chosen: ConflictPolicy?) -> HTML {
        let options = ConflictPolicy.allCases.map { policy -> HTML in
            let mark = HTML.flag("selected", policy == chosen)
            return "<option value=\"\(policy.rawValue)\"\(mark)>\(policy.words)</option>"
        }
        return """
            <div class="field"><label for="\(id)">If an earlier correction says something else</label>
            <select id="\(id)" name="conflicts"><option value="">do as the log says</option>\(options)\
            </select></div>
            """
    }

    static let forceField: HTML = """
        <p class="check"><label><input type="checkbox" name="force" value="yes"> Publish it although \
        probes fail; the log keeps that.</label></p>
        """
}

extension ConflictPolicy {
    fileprivate var words: String {
        switch self {
        case .reject: "refuse this one"
        case .supersede: "this one takes its place"
        case .keepBoth: "keep both"
        }
    }
}

/// What the probes of a transaction found.
struct ProbesView {
    let report: GateReport

    var html: HTML {
        let rows = report.checks.filter { $0.total > 0 }.map { check -> HTML in
            let least =
                check.threshold > 0 ? "\(Int((check.threshold * 100).rounded())) %" : "reported"
            let outcome: HTML =
                check.isMet
                ? "<span class=\"state live\">passed</span>"
                : "<span class=\"state rejected\">failed</span>"
            return """
                <tr><th scope="row">\(check.kind.words)</th>\
                <td class="number">\(check.passed) of \(check.total)</td>\
                <td class="number">\(least)</td><td>\(outcome)</td></tr>
                """
        }
        let failures = report.checks.flatMap(\.failures).prefix(20).map { failure -> HTML in
            """
            <li>“\(failure.prompt)” should give “\(failure.expected)”, got “\(failure.got)”</li>
            """
        }
        let list: HTML = failures.isEmpty ? .nothing : "<ul class=\"failures\">\(failures)</ul>"
        guard !rows.isEmpty else { return "<p class=\"empty\">No probes were asked.</p>" }
        return """
            <div class="scroll"><table>
            <thead><tr><th scope="col">Probe</th><th scope="col" class="number">Right</th>\
            <th scope="col" class="number">At least</th><th scope="col">Outcome</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>
            \(list)
            """
    }
}

extension GateReport.Kind {
    fileprivate var words: String {
        switch self {
        case .rewrite: "the prompt itself"
        case .rephrase: "other wordings"
        case .context: "the prompt behind other text"
        case .locality: "prompts beside it"
        case .earlier: "earlier corrections"
        case .deferral: "text that no correction covers"
        case .retention: "what the model knew before"
        }
    }
}
