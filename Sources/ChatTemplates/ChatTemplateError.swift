import Foundation

/// Why a chat template does not parse or does not render: one sentence.
package struct ChatTemplateError: Error, CustomStringConvertible, LocalizedError, Equatable {
    package let message: String
    /// Whether the template itself refused the conversation, by `raise_exception`; the message is
    /// then the template's own.
    package let isRefusal: Bool
    /// Whether the message tells the line; the innermost statement that failed adds it.
    private let isLocated: Bool

    init(_ message: String) {
        // It may quote the template, which may go on for long.
        self.init(message: String(message.prefix(500)), isRefusal: false, isLocated: false)
    }

    /// What `raise_exception` says.
    init(refusal: String) {
        self.init(message: refusal, isRefusal: true, isLocated: true)
    }

    private init(message: String, isRefusal: Bool, isLocated: Bool) {
        self.message = message
        self.isRefusal = isRefusal
        self.isLocated = isLocated
    }

    /// The same with the line, where it does not tell one yet.
    func located(_ line: Int) -> ChatTemplateError {
        if isLocated { return self }
        return ChatTemplateError(
            message: "line \(line) of the chat template: \(message)", isRefusal: false,
            isLocated: true)
    }

    package var description: String { message }
    package var errorDescription: String? { message }
}
