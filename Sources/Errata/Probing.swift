import Editing
import Edits
import LanguageModels
import Tokenizers

/// Asks adapters that have learned a transaction what they must not get wrong, before they answer
/// anybody.
struct Probing {
    let gate: GateConfiguration
    let base: BaseModel
    /// Texts of the base model's own.
    let texts: [String]
    /// The adapters that answer until then.
    let before: any EditingMethod
    /// Those that have learned the transaction.
    let after: any EditingMethod

    /// The most tokens of an answer: no target of these edits is longer, with its end.
    private let longestAnswer: Int
    private let edits: [EditRecord]
    /// A sample of the edits that hold, evenly over their age.
    private let earlier: [EditRecord]

    /// - Parameters:
    ///   - edits: those of the transaction.
    ///   - earlier: edits that hold, oldest first.
    init(
        _ edits: [EditRecord], earlier: [EditRecord], gate: GateConfiguration, base: BaseModel,
        texts: [String], before: any EditingMethod, after: any EditingMethod
    ) {
        (self.gate, self.base, self.texts) = (gate, base, texts)
        (self.before, self.after) = (before, after)
        (self.edits, self.earlier) = (edits, earlier.evenly(gate.earlierEdits))
        longestAnswer = (edits + self.earlier).longestAnswer(base.tokenizer)
    }

    /// A question with what the answer must be.
    private struct Question {
        let edit: String?
        let prompt: String
        let expected: String
    }

    /// The most failed probes of a kind that a report quotes.
    private static let quoted = 5

    /// What comes of all probes.
    func report() throws -> GateReport {
        let start = ContinuousClock.now
        let checks = [
            try ask(
                .rewrite,
                edits.flatMap { edit in
                    ([edit.prompt] + [edit.chatPrompt].compactMap(\.self)).map {
                        Question(edit: edit.id, prompt: $0, expected: edit.target)
                    }
                }),
            try ask(
                .rephrase,
                edits.flatMap { edit in
                    edit.rephrases.map {
                        Question(edit: edit.id, prompt: $0, expected: edit.target)
                    }
                }),
            try ask(.context, contexts()),
            try ask(.locality, locality()),
            try ask(.earlier, stillRight()),
        ]
        let kept = try checks + retention()
        return GateReport(
            checks: kept.filter { $0.total > 0 }, seconds: (ContinuousClock.now - start).inSeconds)
    }

    private func ask(_ kind: GateReport.Kind, _ questions: [Question]) throws -> GateReport.Check {
        let answers = try answers(of: after, to: questions.map(\.prompt))
        let failures = zip(questions, answers).filter { $0.expected != $1 }
        return check(
            kind, total: questions.count,
            failures: failures.map {
                GateReport.Failure(
                    edit: $0.edit, prompt: $0.prompt, expected: $0.expected, got: $1)
            })
    }

    private func check(
        _ kind: GateReport.Kind, total: Int, failures: [GateReport.Failure]
    ) -> GateReport.Check {
        GateReport.Check(
            kind: kind, passed: total - failures.count, total: total,
            threshold: gate.threshold(of: kind), failures: Array(failures.prefix(Self.quoted)))
    }

    /// The prompts of edits without rephrasings behind texts of the model's own, where the
    /// unedited model's answer survives the text: where it does not, an edit cannot be blamed.
    private func contexts() throws -> [Question] {
        guard gate.contexts > 0, !texts.isEmpty else { return [] }
        let bare = edits.filter(\.rephrases.isEmpty)
        let questions = bare.enumerated().flatMap { number, edit in
            (0..<gate.contexts).map { turn in
                let text = texts[(number * gate.contexts + turn) % texts.count]
                return Question(
                    edit: edit.id, prompt: "\(text.trimmed). \(edit.prompt)", expected: edit.target)
            }
        }.filter { fits($0.prompt) }
        let unedited = Unedited(model: base.model, tokenizer: base.tokenizer)
        let alone = try answers(of: unedited, to: bare.map(\.prompt))
        let usual = Dictionary(zip(bare.map(\.id), alone)) { first, _ in first }
        let behind = try answers(of: unedited, to: questions.map(\.prompt))
        return zip(questions, behind).filter { usual[$0.edit!] == $1 }.map(\.0)
    }

    private func fits(_ prompt: String) -> Bool {
        base.tokenizer.encode(prompt).count + longestAnswer < base.model.configuration.contextLength
    }

    /// What the edits must leave as it was before them.
    private func locality() throws -> [Question] {
        let probes = edits.flatMap { edit in
            edit.locality.map { (edit: edit.id, prompt: $0.prompt) }
        }
        let usual = try answers(of: before, to: probes.map(\.prompt))
        return zip(probes, usual).map {
            Question(edit: $0.edit, prompt: $0.prompt, expected: $1)
        }
    }

    /// Earlier edits that are answered with their target now.
    private func stillRight() throws -> [Question] {
        let usual = try answers(of: before, to: earlier.map(\.prompt))
        return zip(earlier, usual).filter { $0.target == $1 }.map {
            Question(edit: $0.0.id, prompt: $0.0.prompt, expected: $0.0.target)
        }
    }

    /// Texts of the model's own: how many no edit covers, and whether those are what they were.
    private func retention() throws -> [GateReport.Check] {
        let texts = Array(texts.prefix(gate.retentionTexts))
        let traces = try after.traces(texts)
        let deferred = zip(texts, traces).filter { $1.decision == .deferred }.map(\.0)
        let covered = zip(texts, traces).filter { $1.decision == .edited }
        let changed = zip(deferred, try after.isUnchanged(deferred)).filter { !$1 }
        return [
            check(
                .deferral, total: texts.count,
                failures: covered.map {
                    GateReport.Failure(
                        edit: $1.nearestEdit, prompt: $0, expected: "the unedited model's answer",
                        got: "an edited one")
                }),
            check(
                .retention, total: deferred.count,
                failures: changed.map {
                    GateReport.Failure(
                        edit: nil, prompt: $0.0, expected: "the unedited model's scores",
                        got: "others")
                }),
        ]
    }

    private func answers(of method: any EditingMethod, to prompts: [String]) throws -> [String] {
        guard !prompts.isEmpty else { return [] }
        let options = GenerationOptions(maximumTokens: longestAnswer)
        return try method.complete(prompts, options: options).map(\.text.trimmed)
    }
}

extension [EditRecord] {
    /// The tokens of an answer within which each target can be told from what merely begins so.
    /// Targets are single answers, most of a few words.
    func longestAnswer(_ tokenizer: any Tokenizer) -> Int {
        let longest = map { tokenizer.encode($0.target, addSpecialTokens: false).count }.max() ?? 0
        // A space before it may be a token of its own, and what comes behind it is one.
        return Swift.max(24, longest + 2)
    }
}
