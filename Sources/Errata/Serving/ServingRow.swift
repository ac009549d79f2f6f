import Editing
import LanguageModels
import Tokenizers
import Torch

/// The continuations of one request.
final class ServingGroup {
    let job: ServingJob
    private var growing: Int
    private var hasFailed = false

    init(_ job: ServingJob, choices: Int) {
        self.job = job
        growing = choices
    }

    /// One of them has ended.
    ///
    /// - Returns: whether it was the last, and the request has not failed.
    func endOne() -> Bool {
        growing -= 1
        return growing == 0 && !hasFailed
    }

    /// The request has failed; said once, however many continuations it has.
    func fail(_ error: any Error, at desk: Desk) {
        guard !hasFailed else { return }
        hasFailed = true
        desk.end(job, throwing: error)
    }
}

/// One continuation while it grows.
struct ServingRow {
    let group: ServingGroup
    private let choice: Int
    private var sampler: Sampler?
    private var tokens: GrowingText
    private var decoder: StreamingDecoder
    private var text: ShownText
    /// What is to be read next.
    private(set) var next = 0

    var job: ServingJob { group.job }
    /// Whether there is nothing more to come.
    var hasEnded: Bool { tokens.reason != nil || text.isStopped }

    init(_ group: ServingGroup, choice: Int, model: CausalModel) {
        let request = group.job.request
        let options = request.options
        self.group = group
        self.choice = choice
        sampler =
            request.temperature > 0 ? Sampler(options, row: request.firstRow + choice) : nil
        tokens = GrowingText(
            options, stopTokens: model.configuration.endOfText,
            room: model.configuration.maximumLength - request.prompt.count)
        decoder = StreamingDecoder(request.version.base.tokenizer)
        text = ShownText(stops: request.stops)
        if hasEnded { finish() }
    }

    /// Takes the next token from what the model says of it.
    ///
    /// - Parameters:
    ///   - scores: f32 [1, V].
    ///   - likeliest: the likeliest token by them; nil where they are no numbers.
    mutating func grow(_ scores: Tensor, likeliest: Int?) throws {
        guard !hasEnded else { return }
        guard let token = try sampler?.next(scores)[0] ?? likeliest else {
            throw ModelError.scoresAreNoNumbers
        }
        next = token
        if let count = job.request.alternatives {
            // Of what ends the text too, which clients count on that score a prompt and one token.
            let version = job.request.version
            text.expect(
                try TokenScore.of([next], in: scores, alternatives: count, version)[0])
        }
        let said = tokens.append(next).reduce(into: "") { $0 += decoder.append($1) }
        show(text.append(said))
        if hasEnded { finish() }
    }

    private mutating func finish() {
        if !text.isStopped { show(text.append(decoder.finish())) }
        show(text.finish())
        let reason: GenerationEvent.EndReason =
            text.isStopped || tokens.reason == .stopToken ? .stop : .length
        job.events.yield(.ended(choice: choice, reason: reason, tokens: tokens.tokens.count))
    }

    private func show(_ more: (text: String, scores: [TokenScore])) {
        guard !more.text.isEmpty || !more.scores.isEmpty else { return }
        job.events.yield(.grew(choice: choice, text: more.text, scores: more.scores))
    }
}

extension TokenScore {
    /// How likely each of `tokens` was, and what else could have stood there.
    ///
    /// - Parameter scores: what the model said of them, f32 [T, V].
    static func of(
        _ tokens: [Int], in scores: Tensor, alternatives count: Int, _ version: ServedVersion
    ) throws -> [TokenScore] {
        guard !tokens.isEmpty else { return [] }
        let logarithms = try scores.logSoftmax(dim: -1)  // [T, V]
        let own = try logarithms.gathered(
            dim: -1, index: Tensor(tokens, shape: [tokens.count, 1], device: scores.device)
        ).floats()
        let width = min(count, scores.size(-1))
        let best = try width == 0 ? nil : logarithms.topK(width, dim: -1)
        let (values, ids) = (try best?.values.floats() ?? [], try best?.indices.ints() ?? [])
        return tokens.enumerated().map { place, token in
            TokenScore(
                token: token, text: version.text(ofToken: token),
                logProbability: Double(own[place]),
                alternatives: (place * width..<(place + 1) * width).map {
                    Alternative(
                        token: ids[$0], text: version.text(ofToken: ids[$0]),
                        logProbability: Double(values[$0]))
                })
        }
    }
}
