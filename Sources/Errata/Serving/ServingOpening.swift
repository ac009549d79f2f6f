import Editing
import Edits
import LanguageModels
import Tokenizers
import Torch

/// A request's prompt, read: what is decided for it and what its continuations go on from.
struct ServingOpening {
    enum Kind {
        /// The model goes on from here.
        case read(Beginning)
        /// The log itself has the answer.
        case said(SaidAnswer)
    }

    let kind: Kind
    let trace: RouteTrace
    /// Of the prompt's tokens, where they are wanted.
    let promptScores: [TokenScore]

    /// Positions whose scores are made at once: a large vocabulary takes much memory for each.
    private static let scoredAtOnce = 64

    init(_ request: GenerationRequest) throws {
        let version = request.version
        let said = try version.retrieval.sayings(for: [version.text(of: request.prompt)])[0]
        if let said, case .target(let entry) = said.saying {
            trace = version.marked(said.trace)
            kind = .said(SaidAnswer(entry, to: request))
            promptScores =
                try request.scoresPrompt
                ? Self.scores(request, Self.unedited(version).begin(request.prompt)) : []
            return
        }
        let method = said == nil ? version.method : Self.unedited(version)
        let beginning = try method.begin(request.prompt)
        trace = version.marked(said?.trace ?? beginning.trace)
        kind = .read(beginning)
        promptScores = try request.scoresPrompt ? Self.scores(request, beginning) : []
    }

    private static func unedited(_ version: ServedVersion) -> any EditingMethod {
        Unedited(model: version.base.model, tokenizer: version.base.tokenizer)
    }

    /// The first token is predicted by nothing, every other by those before it.
    private static func scores(
        _ request: GenerationRequest, _ beginning: Beginning
    ) throws -> [TokenScore] {
        let version = request.version
        let tokens = request.prompt
        var scores = [
            TokenScore(
                token: tokens[0], text: version.text(ofToken: tokens[0]), logProbability: nil,
                alternatives: [])
        ]
        for places in Array(1..<tokens.count).chunks(of: scoredAtOnce) {
            let hidden = try beginning.hidden.narrowed(
                dim: 0, start: places[0] - 1, length: places.count)
            scores += try TokenScore.of(
                places.map { tokens[$0] }, in: version.base.model.logits(hidden),
                alternatives: request.alternatives ?? 0, version)
        }
        return scores
    }
}

/// An edit's target, as it stands in the log, as the model would say it.
struct SaidAnswer {
    private let text: String
    private let scores: [TokenScore]
    private let tokens: Int
    private let reason: GenerationEvent.EndReason

    init(_ entry: Ledger.Entry, to request: GenerationRequest) {
        let version = request.version
        let all = version.base.tokenizer.encode(" " + entry.record.target, addSpecialTokens: false)
        let isWhole = all.count <= request.maximumTokens
        let kept = Array(all.prefix(request.maximumTokens))
        var shown = ShownText(stops: request.stops)
        var decoder = StreamingDecoder(version.base.tokenizer)
        var text = ""
        var scores: [TokenScore] = []
        var count = 0
        func take(_ more: (text: String, scores: [TokenScore])) {
            text += more.text
            scores += more.scores
        }
        for token in kept where !shown.isStopped {
            count += 1
            if request.alternatives != nil { shown.expect(.certain(token, version)) }
            take(shown.append(decoder.append(token)))
        }
        if !shown.isStopped { take(shown.append(decoder.finish())) }
        take(shown.finish())
        self.text = text
        self.scores = scores
        tokens = count
        reason = isWhole || shown.isStopped ? .stop : .length
    }

    func emit(_ choice: Int, to job: ServingJob) {
        if !text.isEmpty { job.events.yield(.grew(choice: choice, text: text, scores: scores)) }
        job.events.yield(.ended(choice: choice, reason: reason, tokens: tokens))
    }
}

extension TokenScore {
    /// A token that is said as it stands in the log, which leaves next to nothing to any other.
    fileprivate static func certain(_ token: Int, _ version: ServedVersion) -> TokenScore {
        let text = version.text(ofToken: token)
        return TokenScore(
            token: token, text: text, logProbability: -1e-6,
            alternatives: [
                Alternative(token: token, text: text, logProbability: -1e-6)
            ])
    }
}
