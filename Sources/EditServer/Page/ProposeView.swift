import Edits
import Errata

/// Propose a correction, or teach it at once where one may.
struct ProposeView {
    let frame: PageFrame
    /// What was typed before, where it did not pass.
    var typed = Typed()
    var refusal: Refusal?

    /// The fields of the form.
    struct Typed {
        var prompt = ""
        var target = ""
        var rephrases = ""
        var subject = ""
        var reason = ""
        var source = ""
        var conflicts: ConflictPolicy?
        var isForced = false
    }

    var html: HTML {
        frame.document(
            "Propose a correction", at: .propose,
            """
            <h1>Propose a correction</h1>
            <p class="lead">\(lead)</p>
            \(refusal.map { RefusalView(refusal: $0, ledger: frame.ledger).html })
            <form method="post" action="/page/propose">\(frame.formField)
            \(field("prompt", "When somebody asks", typed.prompt, isRequired: true, hint: askHint))
            \(field("target", "The answer is, from then on", typed.target, isRequired: true))
            \(rephrases)
            <details\(HTML.flag("open", isDetailed))><summary>More about it</summary>
            \(field("reason", "Why", typed.reason))
            \(field("source", "Where it says so", typed.source))
            \(field("subject", "What it is about", typed.subject, hint: subjectHint))
            \(RefusalView.policyField(id: "conflicts", chosen: typed.conflicts))
            </details>
            \(refusal?.offersForce == true ? RefusalView.forceField : nil)
            <div class="actions">\(buttons)</div>
            </form>
            """)
    }

    private let askHint = "A question, or the beginning of a sentence that the answer ends."
    private let subjectHint = "In the very words of the prompt, for methods that want to know."

    private var isDetailed: Bool {
        refusal != nil || !(typed.reason + typed.source + typed.subject).isEmpty
    }

    /// Whether it lands without anybody's approval.
    private var landsAtOnce: Bool {
        !frame.settings.needsApproval || frame.visitor.caller.may(.admin)
    }

    private var lead: String {
        landsAtOnce
            ? "It is learned beside the model that answers, probed, and goes live whole or not at all. "
                + "That takes from a second to minutes."
            : "It waits until somebody else approves it."
    }

    private var buttons: HTML {
        guard landsAtOnce else {
            return "<button class=\"main\" name=\"action\" value=\"propose\">Propose</button>"
        }
        return """
            <button class="main" name="action" value="apply" data-busy="Learning …">Teach it now\
            </button>
            <button name="action" value="propose">Propose it, to be approved</button>
            """
    }

    private func field(
        _ name: String, _ label: String, _ value: String, isRequired: Bool = false,
        hint: String? = nil
    ) -> HTML {
        let marks: HTML = "\(HTML.flag("required", isRequired))\(described(name, hint))"
        return """
            <div class="field"><label for="\(name)">\(label)</label>
            <input type="text" id="\(name)" name="\(name)" value="\(value)" maxlength="2000"\(marks)>\
            \(words(name, hint))</div>
            """
    }

    private var rephrases: HTML {
        let hint = "One on each line. They are learned and probed too."
        return """
            <div class="field"><label for="rephrases">The same in other words</label>
            <textarea id="rephrases" name="rephrases" maxlength="8000" rows="3"\
            \(described("rephrases", hint))>\(typed.rephrases)</textarea>\(words("rephrases", hint))\
            </div>
            """
    }

    private func described(_ name: String, _ hint: String?) -> HTML? {
        hint.map { _ in " aria-describedby=\"\(name)-hint\"" }
    }

    private func words(_ name: String, _ hint: String?) -> HTML? {
        hint.map { "<p class=\"hint\" id=\"\(name)-hint\">\($0)</p>" }
    }
}

extension ProposeView.Typed {
    init(_ fields: FormFields) {
        prompt = fields["prompt"] ?? ""
        target = fields["target"] ?? ""
        rephrases = fields.lines("rephrases").joined(separator: "\n")
        subject = fields["subject"] ?? ""
        reason = fields["reason"] ?? ""
        source = fields["source"] ?? ""
        conflicts = fields["conflicts"].flatMap(ConflictPolicy.init)
        isForced = fields["force"] == "yes"
    }

    /// The correction.
    ///
    /// - Throws: `EditError` for a prompt or a target that is blank.
    func record(author: String?) throws -> EditRecord {
        func text(_ value: String) -> String? { value.isEmpty ? nil : value }
        return try EditRecord(
            id: EditRecord.identifier(for: prompt), prompt: prompt, target: target,
            rephrases: rephrases.split(whereSeparator: \.isNewline).map(String.init),
            subject: text(subject), source: text(source), author: author, reason: text(reason))
    }

    func options(author: String?) -> ApplyOptions {
        var options = ApplyOptions()
        options.author = author
        options.reason = reason.isEmpty ? nil : reason
        options.conflicts = conflicts
        options.isForced = isForced
        return options
    }
}
