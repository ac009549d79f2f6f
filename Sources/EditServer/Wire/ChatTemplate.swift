/// How the messages of a chat become one text that a model goes on from.
struct ChatTemplate: Sendable {
    /// For models that were not taught to chat: the messages in their order, a line each, without
    /// the names of who said them. So a chat of one message is answered as a completion of that
    /// message is, and an edit fires in it as it does there.
    static let plain = ChatTemplate()

    func prompt(_ messages: [ChatMessage]) -> String {
        messages.map(\.content).joined(separator: "\n")
    }
}
