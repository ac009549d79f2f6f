import Edits
import Errata
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// What comes of the prompts of one request.
struct Conversation: Sendable {
    /// Something that came of one prompt.
    struct Piece: Sendable {
        let prompt: Int
        let event: GenerationEvent
    }

    /// What was decided for the prompt that was read first.
    let first: Piece
    /// What follows; to be read once. Whoever stops reading cancels it.
    fileprivate let rest: AsyncThrowingStream<Piece, any Error>

    /// Hands on everything in the order in which it comes; once.
    func forEach(_ body: (Piece) async throws -> Void) async throws {
        try await body(first)
        for try await piece in rest { try await body(piece) }
    }
}

extension EditService {
    private typealias Events = AsyncThrowingStream<GenerationEvent, any Error>
    /// Takes note of so many tokens more.
    private typealias Charge = @Sendable (Int) -> Void

    /// Lets the engine answer `requests`, and returns when the first prompt has been read.
    ///
    /// Tokens are charged where they are read and written, so that hanging up saves none.
    ///
    /// - Throws: as the engine, and `CancellationError` where the client has gone.
    func converse(
        _ requests: [GenerationRequest], _ context: ServerContext
    ) async throws -> Conversation {
        try check(requests)
        let charge: Charge = { [doorkeeper, caller = context.caller] tokens in
            doorkeeper.spend(tokens, by: caller)
        }
        let streams = try requests.map { request in
            try engine.submit(request) { charge(request.prompt.count) }
        }
        let departure = await context.departure()
        let (pieces, out) = AsyncThrowingStream.makeStream(of: Conversation.Piece.self)
        let pump = Task { await Self.pump(streams, into: out, charge) }
        let listening = departure?.whenGone { pump.cancel() }
        out.onTermination = { _ in
            pump.cancel()
            if let listening { departure?.forget(listening) }
        }
        var iterator = pieces.makeAsyncIterator()
        guard let first = try await iterator.next() else { throw CancellationError() }
        return Conversation(first: first, rest: pieces)
    }

    /// - Throws: `APIError` for more than can be answered.
    private func check(_ requests: [GenerationRequest]) throws {
        let answers = requests.reduce(0) { $0 + $1.choices }
        guard answers <= settings.maximumAnswers else {
            throw APIError.wrong(
                requests.count > settings.maximumAnswers ? "prompt" : "n",
                "expected at most \(settings.maximumAnswers) answers, which are prompts times `n`, got "
                    + "\(answers); send several requests.")
        }
        for request in requests {
            guard request.choices <= engine.options.maximumRows else {
                throw APIError.wrong(
                    "n",
                    "expected `n` of at most \(engine.options.maximumRows), as many answers as grow here "
                        + "at once, got \(request.choices); send several requests.")
            }
            guard request.prompt.count <= request.version.contextLength else {
                throw APIError(
                    .badRequest,
                    "expected a prompt of at most \(request.version.contextLength) tokens, the model's "
                        + "context, got \(request.prompt.count); shorten it.",
                    code: "context_length_exceeded")
            }
        }
    }

    /// Brings what comes of several prompts into one stream.
    private static func pump(
        _ streams: [Events],
        into out: AsyncThrowingStream<Conversation.Piece, any Error>.Continuation,
        _ charge: @escaping Charge
    ) async {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (prompt, stream) in streams.enumerated() {
                    group.addTask {
                        var bill = Bill()
                        for try await event in stream {
                            charge(bill.tokens(of: event))
                            out.yield(Conversation.Piece(prompt: prompt, event: event))
                        }
                        try Task.checkCancellation()
                    }
                }
                try await group.waitForAll()
            }
            out.finish()
        } catch {
            out.finish(throwing: error)
        }
    }
}

/// What the answers to one prompt cost as they grow.
struct Bill {
    /// Tokens charged so far, by choice.
    private var charged: [Int: Int] = [:]

    /// What an event adds: one token for each piece, and when it ends whatever is missing then or was
    /// too much, for a token may have no text of its own, and a last piece no token.
    mutating func tokens(of event: GenerationEvent) -> Int {
        switch event {
        case .began: return 0
        case .grew(let choice, _, _):
            charged[choice, default: 0] += 1
            return 1
        case .ended(let choice, _, let tokens): return tokens - (charged[choice] ?? 0)
        }
    }
}
