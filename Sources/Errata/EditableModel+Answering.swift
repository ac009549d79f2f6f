import Editing
import Edits
import LanguageModels
import Tokenizers
import Torch

extension EditableModel {
    /// Answers each prompt, through the edits only where one covers it.
    ///
    /// - Parameter edited: false asks the unedited model.
    /// - Parameter oracle: which edit a prompt is about, by prompt, for a method that `routesByEdit`.
    /// - Parameter onText: hears each answer as it grows, with the prompt's index.
    public func answer(
        _ prompts: [String], options: AnswerOptions = AnswerOptions(), edited: Bool = true,
        oracle: [String: String] = [:],
        onText: (_ prompt: Int, _ text: String) -> Void = { _, _ in }
    ) throws -> [Answer] {
        let sayings = try edited ? retrieval.sayings(for: prompts) : prompts.map { _ in nil }
        var answers = [Answer?](repeating: nil, count: prompts.count)
        for (place, said) in sayings.enumerated() {
            guard let said, case .target(let entry) = said.saying else { continue }
            let answer = Answer(
                saying: entry, tokenizer: base.tokenizer, options: options, trace: said.trace)
            onText(place, answer.text)
            answers[place] = answer
        }
        func complete(_ places: [Int], by method: any EditingMethod) throws {
            let completions = try method.complete(
                places.map { prompts[$0] }, options: GenerationOptions(options),
                cutsLongPrompts: options.cutsLongPrompts
            ) {
                onText(places[$0], $1)
                return .more
            }
            for (place, completion) in zip(places, completions) {
                answers[place] = Answer(completion)
                if let trace = sayings[place]?.trace { answers[place]!.trace = trace }
            }
        }
        let open = prompts.indices.filter { answers[$0] == nil }
        try complete(open.filter { sayings[$0] == nil }, by: answering(edited, oracle))
        try complete(open.filter { sayings[$0] != nil }, by: unedited)
        return answers.map { marked($0!) }
    }

    /// How many tokens each prompt has, so that a caller can ask those of one length together.
    public func tokenCounts(_ prompts: [String]) -> [Int] {
        prompts.map { base.tokenizer.encode($0).count }
    }

    /// Asks the unedited and the edited model.
    public func ask(
        _ prompt: String, options: AnswerOptions = AnswerOptions()
    ) throws -> Comparison {
        let before = try answer([prompt], options: options, edited: false)[0]
        let after = try answer([prompt], options: options)[0]
        let edit = after.trace.decision == .edited ? after.trace.nearestEdit : nil
        return Comparison(prompt: prompt, before: before, after: after, edit: edit)
    }

    /// How well each target is predicted after its prompt, teacher-forced.
    public func score(
        _ probes: [(prompt: String, target: String)], edited: Bool = true,
        oracle: [String: String] = [:]
    ) throws -> [ProbeScore] {
        let rows = probes.enumerated().map {
            EditRow(editID: "probe \($0)", prompt: $1.prompt, target: $1.target)
        }
        let sayings =
            try edited ? retrieval.sayings(for: probes.map(\.prompt)) : probes.map { _ in nil }
        let ends = base.model.configuration.endMark.count
        var scores = [ProbeScore?](repeating: nil, count: rows.count)
        func score(_ places: [Int], by method: any EditingMethod) throws {
            let found = try method.score(places.map { rows[$0] })
            for (place, score) in zip(places, found) {
                scores[place] = ProbeScore(score, endMarks: ends)
            }
        }
        try score(rows.indices.filter { sayings[$0] == nil }, by: answering(edited, oracle))
        let others = rows.indices.filter { sayings[$0] != nil }
        try score(others, by: unedited)
        for place in others {
            let said = sayings[place]!
            if case .target(let entry) = said.saying {
                scores[place] = try ProbeScore(
                    of: adapters.method.targetTokens(of: rows[place]).dropLast(ends),
                    saying: adapters.method.targetTokens(of: entry.record.rows[0]),
                    trace: said.trace)
            } else {
                scores[place]!.trace = said.trace
            }
        }
        return scores.map { $0! }
    }

    /// Whether the scores of each prompt's next token are bit for bit the unedited model's.
    public func isUnchanged(_ prompts: [String]) throws -> [Bool] {
        let sayings = try retrieval.sayings(for: prompts)
        return try zip(sayings, adapters.method.isUnchanged(prompts)).map { said, isUnchanged in
            switch said?.saying {
            case .target: false
            case .unedited: true
            case nil: isUnchanged
            }
        }
    }

    private var unedited: Unedited { Unedited(model: base.model, tokenizer: base.tokenizer) }

    /// The answer with who gave it and in which version.
    private func marked(_ answer: Answer) -> Answer {
        var answer = answer
        if answer.trace.decision == .edited, answer.trace.tier == nil {
            answer.trace.tier = .adapters
        }
        if journal.log != nil { answer.trace.version = journal.ledger.version }
        return answer
    }

    private func answering(
        _ edited: Bool, _ oracle: [String: String]
    ) -> any EditingMethod {
        guard edited else { return unedited }
        guard !oracle.isEmpty, let method = adapters.method as? any OracleRouting else {
            return adapters.method
        }
        let known = oracle.map { (base.tokenizer.encode($0), $1) }
        return method.knowing(Dictionary(known) { $1 })
    }
}
