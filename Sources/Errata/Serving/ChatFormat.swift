import ChatTemplates
import Edits
import Foundation
import Tokenizers

/// One message of a chat.
public struct ChatMessage: Sendable, Equatable {
    /// Who says it: `system`, `user` or `assistant`.
    public let role: String
    public let content: String

    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// How the messages of a chat become one text that a model goes on from: as the checkpoint's chat
/// template writes them, or for a model that was not taught to chat one after another, a line each,
/// without the names of who said them.
struct ChatFormat: Sendable {
    /// Nil for a model that was not taught to chat.
    private let template: Result<ChatTemplate, EditError>?
    private let tokenizer: any Tokenizer

    /// The format of the checkpoint in `directory`: its `chat_template.jinja`, or what
    /// `tokenizer_config.json` has.
    init(in directory: URL, tokenizer: any Tokenizer) {
        self.tokenizer = tokenizer
        template = Self.source(in: directory).map { source in
            Result { try ChatTemplate(source) }.mapError {
                EditError(
                    "expected a chat template that can be read beside the checkpoint, but \($0); mend "
                        + "it, or ask for completions.")
            }
        }
    }

    /// Whether there is a template, and it can be read.
    var isTemplate: Bool { (try? template?.get()) != nil }

    /// The text that the assistant's answer follows.
    ///
    /// - Throws: `EditError` for messages that the template refuses, and one that cannot be read.
    func prompt(_ messages: [ChatMessage]) throws -> String {
        guard let template = try template?.get() else {
            return messages.map(\.content).joined(separator: "\n")
        }
        let beginning = tokenizer.beginningOfText
        let mark = beginning.flatMap(tokenizer.token)
        do {
            let text = try template.render(
                messages.map { ChatTemplate.Message(role: $0.role, content: $0.content) },
                bosToken: mark, eosToken: tokenizer.endOfText.flatMap(tokenizer.token),
                addsGenerationPrompt: true)
            // What the tokenizer puts before every text must not stand there twice.
            let isAdded = beginning != nil && tokenizer.encode("").first == beginning
            guard isAdded, let mark, text.hasPrefix(mark) else { return text }
            return String(text.dropFirst(mark.count))
        } catch let error as ChatTemplateError {
            throw EditError(
                "expected messages that the checkpoint's chat template takes, but it says: \(error)"
            )
        }
    }

    private static func source(in directory: URL) -> String? {
        if let own = try? String(
            contentsOf: directory.appending(path: "chat_template.jinja"), encoding: .utf8)
        {
            return own
        }
        let file = directory.appending(path: "tokenizer_config.json")
        guard let data = try? Data(contentsOf: file),
            let config = try? JSONDecoder().decode(TokenizerConfig.self, from: data)
        else { return nil }
        switch config.chatTemplate {
        case .one(let source): return source
        case .several(let named): return named.first { $0.name == "default" }?.template
        case nil: return nil
        }
    }
}

/// What is wanted of a `tokenizer_config.json`.
private struct TokenizerConfig: Decodable {
    let chatTemplate: Templates?

    enum CodingKeys: String, CodingKey { case chatTemplate = "chat_template" }

    struct Named: Decodable {
        let name: String
        let template: String
    }

    enum Templates: Decodable {
        case one(String)
        case several([Named])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let source = try? value.decode(String.self) {
                self = .one(source)
            } else {
                self = .several(try value.decode([Named].self))
            }
        }
    }
}
