package import Foundation

/// How a model was taught to read a conversation: the part of Jinja2 that the chat templates of
/// published checkpoints use, with the environment that `apply_chat_template` of transformers sets
/// up for it (`trim_blocks`, `lstrip_blocks`, an immutable sandbox).
///
///     let template = try ChatTemplate("{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}")
///     try template.render([.init(role: "user", content: "Hello")], eosToken: "</s>")
///
/// A template comes with a download, so it is not trusted: it reaches nothing but its arguments,
/// and its nesting, steps and text are bounded.
package struct ChatTemplate: Sendable {
    /// Who says what.
    package struct Message: Sendable {
        package let role: String
        package let content: String

        package init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    private let body: [Statement]

    /// Parses `source`.
    ///
    /// - Throws: ``ChatTemplateError`` that says the line, what was expected and what came.
    package init(_ source: String) throws {
        body = try Parser.parse(source)
    }

    /// The text for these messages.
    ///
    /// - Parameters:
    ///   - bosToken: What `bos_token` stands for; undefined when nil, as `eosToken` for `eos_token`.
    ///   - addsGenerationPrompt: `add_generation_prompt`: whether the text ends where the answer of
    ///     the assistant begins.
    ///   - now: The time that `strftime_now` tells, in the local time zone.
    /// - Throws: ``ChatTemplateError``, also where the template refuses these messages.
    package func render(
        _ messages: [Message], bosToken: String? = nil, eosToken: String? = nil,
        addsGenerationPrompt: Bool = false, now: Date = Date()
    ) throws -> String {
        var variables: [String: Value] = [
            "messages": .series(Series(.list, messages.map(Value.init))),
            "add_generation_prompt": .truth(addsGenerationPrompt),
            // Passed by transformers whether or not there are any.
            "tools": .none, "documents": .none,
        ]
        variables["bos_token"] = bosToken.map { .text(Text($0)) }
        variables["eos_token"] = eosToken.map { .text(Text($0)) }
        return try Renderer(variables, now: now).render(body).string
    }
}

extension Value {
    fileprivate init(_ message: ChatTemplate.Message) {
        self = .mapping(
            Mapping([
                (.text("role"), .text(Text(message.role))),
                (.text("content"), .text(Text(message.content))),
            ]))
    }
}
