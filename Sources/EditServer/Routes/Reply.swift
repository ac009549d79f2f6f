import Edits
import Errata
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// What an answer and all its pieces begin with.
struct ReplyHead: Sendable {
    let id: String
    let object: String
    let created: Int
    let model: String

    init(_ prefix: String, _ object: String, _ model: String) {
        let random = (0..<3).map { _ in UInt64.random(in: .min ... .max) }
        id = "\(prefix)-" + random.map { String($0, radix: 36) }.joined()
        self.object = object
        created = Int(Date.now.timeIntervalSince1970)
        self.model = model
    }
}

/// An answer of one kind, which is sent whole or in pieces.
protocol Reply: Sendable {
    associatedtype Choice: Encodable & Sendable
    var head: ReplyHead { get }

    /// What the choices after a prompt begin with, before anything is generated.
    mutating func began(_ prompt: Int, _ trace: RouteTrace, scores: [TokenScore]) -> [Choice]
    mutating func grew(_ prompt: Int, _ number: Int, text: String, scores: [TokenScore]) -> Choice
    mutating func ended(
        _ prompt: Int, _ number: Int, reason: GenerationEvent.EndReason
    ) -> Choice

    /// Adds a piece to what came before it.
    static func join(_ piece: Choice, to whole: inout Choice)
}

extension Reply {
    mutating func choices(for piece: Conversation.Piece) -> [Choice] {
        switch piece.event {
        case .began(let trace, let scores): began(piece.prompt, trace, scores: scores)
        case .grew(let number, let text, let scores):
            [grew(piece.prompt, number, text: text, scores: scores)]
        case .ended(let number, let reason, _): [ended(piece.prompt, number, reason: reason)]
        }
    }

    func body(_ choices: [Choice], usage: Usage? = nil) -> AnswerBody<Choice> {
        AnswerBody(
            id: head.id, object: head.object, created: head.created, model: head.model,
            choices: choices, usage: usage)
    }
}

extension SamplingOptions {
    /// Whether a stream ends with how many tokens there were.
    var wantsUsage: Bool { streamOptions?.includeUsage == true }
}

extension EditService {
    /// Waits for the whole answer.
    func whole<Kind: Reply>(
        _ reply: Kind, _ conversation: Conversation, _ account: Account
    ) async throws -> Response where Kind.Choice: Indexed {
        var (reply, account) = (reply, account)
        var choices: [Int: Kind.Choice] = [:]
        func take(_ piece: Kind.Choice) {
            if choices[piece.index] == nil {
                choices[piece.index] = piece
            } else {
                Kind.join(piece, to: &choices[piece.index]!)
            }
        }
        do {
            try await conversation.forEach { piece in
                account.note(piece.event)
                reply.choices(for: piece).forEach(take)
            }
            try account.requireEnd()
        } catch {
            account.close(failing: true)
            throw error
        }
        account.close(failing: false)
        let body = reply.body(
            choices.values.sorted { $0.index < $1.index }, usage: account.usage)
        return try Self.json(body, headers: account.headers(of: conversation))
    }

    /// Sends each piece as it comes, as server-sent events.
    func streamed<Kind: Reply>(
        _ reply: Kind, _ conversation: Conversation, _ account: Account, usage wantsUsage: Bool
    ) -> Response {
        var headers = account.headers(of: conversation)
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-cache"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                var (reply, account) = (reply, account)
                // Whatever ends the writing ends the generation too.
                defer { account.close(failing: !account.hasEnded) }
                do {
                    try await conversation.forEach { piece in
                        account.note(piece.event)
                        for choice in reply.choices(for: piece) {
                            try await writer.write(Self.event(reply.body([choice])))
                        }
                    }
                    try account.requireEnd()
                    if wantsUsage {
                        try await writer.write(Self.event(reply.body([], usage: account.usage)))
                    }
                } catch let error where !(error is CancellationError) {
                    // The head is sent already: the stream itself has to say it.
                    try await writer.write(Self.event(APIError(error).body))
                }
                try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
                try await writer.finish(nil)
            })
    }

    /// One server-sent event.
    private static func event(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(try encoder.encode(value))
        buffer.writeString("\n\n")
        return buffer
    }

    /// An answer in JSON.
    static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// A choice knows its place.
protocol Indexed {
    var index: Int { get }
}

extension CompletionChoice: Indexed {}
extension ChatChoice: Indexed {}
