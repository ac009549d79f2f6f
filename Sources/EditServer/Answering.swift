import Edits
import Errata
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// What comes of the prompts of one request.
struct Conversation: Sendable {
    /// What was decided for one prompt.
    struct Opening: Sendable {
        let trace: RouteTrace
        /// Of the prompt's tokens, where they are wanted.
        let scores: [TokenScore]
    }

    /// Something that came of one prompt.
    struct Piece: Sendable {
        let prompt: Int
        let event: GenerationEvent
    }

    let openings: [Opening]
    /// What follows, in the order in which it comes; to be read once. Whoever stops reading cancels
    /// it.
    let pieces: AsyncThrowingStream<Piece, any Error>
}

extension EditService {
    private typealias Events = AsyncThrowingStream<GenerationEvent, any Error>
    /// Takes note of so many tokens more.
    private typealias Charge = @Sendable (Int) -> Void

    /// Lets the engine answer `requests`, and returns when all prompts have been read.
    ///
    /// Tokens are charged where they are read and written, so that hanging up saves none.
    ///
    /// - Throws: as the engine, and `CancellationError` where the client has gone.
    func converse(
        _ requests: [GenerationRequest], _ context: ServerContext
    ) async throws -> Conversation {
        let answers = requests.reduce(0) { $0 + $1.choices }
        guard answers <= settings.maximumAnswers else {
            throw APIError.wrong(
                requests.count > settings.maximumAnswers ? "prompt" : "n",
                "expected at most \(settings.maximumAnswers) answers, which are prompts times `n`, got "
                    + "\(answers); send several requests.")
        }
        for request in requests where request.prompt.count > request.version.contextLength {
            throw APIError(
                .badRequest,
                "expected a prompt of at most \(request.version.contextLength) tokens, the model's "
                    + "context, got \(request.prompt.count); shorten it.",
                code: "context_length_exceeded")
        }
        let streams = try requests.map(engine.submit)
        let departure = await context.departure()
        let charge: Charge = { [doorkeeper, caller = context.caller] tokens in
            doorkeeper.spend(tokens, by: caller)
        }
        let openings = try await opened(streams, of: requests, until: departure, charge)
        let (pieces, out) = AsyncThrowingStream.makeStream(of: Conversation.Piece.self)
        let pump = Task { await Self.pump(streams, into: out, charge) }
        let listening = departure?.whenGone { pump.cancel() }
        out.onTermination = { _ in
            pump.cancel()
            if let listening { departure?.forget(listening) }
        }
        return Conversation(openings: openings, pieces: pieces)
    }

    /// Waits until every prompt has been read.
    private func opened(
        _ streams: [Events], of requests: [GenerationRequest], until departure: Departure?,
        _ charge: @escaping Charge
    ) async throws -> [Conversation.Opening] {
        let opening = Task {
            var openings: [Conversation.Opening] = []
            for (stream, request) in zip(streams, requests) {
                var events = stream.makeAsyncIterator()
                let first = try await events.next()
                // Nor is it free to hang up meanwhile: a prompt is not read by halves.
                charge(request.prompt.count)
                guard case .began(let trace, let scores)? = first else { throw CancellationError() }
                openings.append(Conversation.Opening(trace: trace, scores: scores))
            }
            return openings
        }
        let listening = departure?.whenGone { opening.cancel() }
        defer { if let listening { departure?.forget(listening) } }
        return try await withTaskCancellationHandler {
            try await opening.value
        } onCancel: {
            opening.cancel()
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
