import Editing
import Edits
import LanguageModels
import Tokenizers

/// Answers where what the adapters have learned and what the log says differ.
///
/// An edit that is accepted and not yet learned is said as it stands in the log. An edit that is
/// learned and holds no more is passed over: its prompts are answered by the unedited model, or by
/// the edit that superseded it. Once the adapters have caught up nothing is left to do here.
struct RetrievalTier {
    /// What a prompt that rephrases a stored one gets.
    enum Saying {
        /// The target of an edit, which its event accepted.
        case target(Ledger.Entry)
        /// What the unedited model says, since this edit holds no more.
        case unedited(Ledger.Entry)
    }

    private var matcher: PromptMatcher?
    private var sayings: [Saying] = []

    /// Nothing differs.
    init() {}

    /// - Parameters:
    ///   - matcher: finds rephrasings, whatever prompts it has stored.
    ///   - previous: what answered before, whose prompts need not be read again.
    init(
        _ ledger: Ledger, adapters: [[Int]], matcher: PromptMatcher, after previous: RetrievalTier
    ) throws {
        let pending = ledger.pending.joined()
        let live = Set(ledger.live.joined())
        let learned = Set(adapters.joined())
        var prompts: [String] = []
        func add(_ entry: Ledger.Entry, _ saying: Saying) {
            prompts += entry.record.wordings
            sayings += entry.record.wordings.map { _ in saying }
        }
        for sequence in learned.subtracting(live).sorted() {
            let entry = ledger.entries[sequence]!
            add(entry, Self.saying(insteadOf: entry, in: ledger))
        }
        for sequence in live.subtracting(learned).union(pending).sorted() {
            add(ledger.entries[sequence]!, .target(ledger.entries[sequence]!))
        }
        guard !prompts.isEmpty else { return }
        self.matcher = try (previous.matcher ?? matcher).storing(prompts)
    }

    /// The successor answers where it is about the same: one that only took over the name is not.
    private static func saying(insteadOf entry: Ledger.Entry, in ledger: Ledger) -> Saying {
        guard case .superseded(let later) = ledger.standing(of: entry.sequence),
            let successor = ledger.entries[later],
            successor.record.isAboutSame(as: entry.record)
        else { return .unedited(entry) }
        return .target(successor)
    }

    /// What each prompt gets here, with the trace of it; nil where the adapters decide.
    func sayings(for prompts: [String]) throws -> [(saying: Saying, trace: RouteTrace)?] {
        guard let matcher else { return prompts.map { _ in nil } }
        return try matcher.nearest(to: prompts).map { match in
            guard let match, match.distance < 1 else { return nil }
            let saying = sayings[match.index]
            return (saying, RouteTrace(saying, at: match))
        }
    }
}

extension RouteTrace {
    fileprivate init(_ saying: RetrievalTier.Saying, at match: Match) {
        switch saying {
        case .target(let entry):
            self.init(.edited(match), nearestEdit: entry.record.id, threshold: 1, gate: .match)
            tier = .retrieval
        case .unedited(let entry):
            self.init(.deferred(match), nearestEdit: entry.record.id, threshold: 1, gate: .match)
        }
    }
}

extension Answer {
    /// The target of an edit as the model would say it.
    init(
        saying entry: Ledger.Entry, tokenizer: any Tokenizer, options: AnswerOptions,
        trace: RouteTrace
    ) {
        let text = " " + entry.record.target
        let tokens = tokenizer.encode(text, addSpecialTokens: false)
        let isWhole = tokens.count <= options.maximumTokens
        self.init(
            text: isWhole ? text : tokenizer.decode(Array(tokens.prefix(options.maximumTokens))),
            reason: (isWhole ? StopReason.stopToken : .maximumTokens).rawValue,
            tokens: min(tokens.count, options.maximumTokens), trace: trace, cutTokens: nil)
    }
}

extension ProbeScore {
    /// What is said as it stands in the log leaves next to nothing to any other token.
    private static let otherwise = 1e-6

    /// How a target fares where an edit's is said as it stands.
    init(of target: [Int], saying said: [Int], trace: RouteTrace) {
        let isRight = target.indices.map { place in
            place < said.count && said[place] == target[place]
                && said.prefix(place).elementsEqual(target.prefix(place))
        }
        let likelihood = isRight.reduce(0.0) { sum, isRight in
            sum + (isRight ? -Self.otherwise : -13.8)  // ln of 1 - 1e-6, and of 1e-6
        }
        self.init(isRight: isRight, logLikelihood: likelihood, trace: trace)
    }
}
