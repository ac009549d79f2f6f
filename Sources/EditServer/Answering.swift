import Edits
import Errata
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

    /// Lets the engine answer `requests`, and returns when all prompts have been read.
    ///
    /// - Throws: as the engine, and `CancellationError` where the client has gone.
    func converse(
        _ requests: [GenerationRequest], _ context: ServerContext
    ) async throws -> Conversation {
        guard requests.count <= settings.maximumPrompts else {
            throw APIError.wrong(
                "prompt",
                "expected at most \(settings.maximumPrompts) prompts, got \(requests.count); send "
                    + "several requests.")
        }
        let streams = try requests.map(engine.submit)
        let departure = await context.departure()
        let openings = try await opened(streams, until: departure)
        let (pieces, out) = AsyncThrowingStream.makeStream(of: Conversation.Piece.self)
        let pump = Task { await Self.pump(streams, into: out) }
        let listening = departure?.whenGone { pump.cancel() }
        out.onTermination = { _ in
            pump.cancel()
            if let listening { departure?.forget(listening) }
        }
        return Conversation(openings: openings, pieces: pieces)
    }

    /// Waits until every prompt has been read.
    private func opened(
        _ streams: [Events], until departure: Departure?
    ) async throws -> [Conversation.Opening] {
        let opening = Task {
            var openings: [Conversation.Opening] = []
            for stream in streams {
                var events = stream.makeAsyncIterator()
                guard case .began(let trace, let scores)? = try await events.next() else {
                    throw CancellationError()
                }
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
        into out: AsyncThrowingStream<Conversation.Piece, any Error>.Continuation
    ) async {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (prompt, stream) in streams.enumerated() {
                    group.addTask {
                        for try await event in stream {
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
