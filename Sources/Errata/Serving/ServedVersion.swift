import Editing
import Edits
import LanguageModels
import Tokenizers

/// What a model answers with at one moment: the base, what was learned on it, and what the log says
/// beyond that. A value: whoever holds it goes on answering with it whatever is learned or taken back
/// meanwhile.
public struct ServedVersion: @unchecked Sendable {
    /// The event of the log up to which edits are taken into account; 0 for the unedited model.
    public let number: Int
    /// How often the adapters were made anew since that event, which changes what they say to prompts
    /// beside the edits: learning again after an undo is no event.
    public internal(set) var revision = 0
    // Unchecked: nobody changes what was published, and reading is safe from any thread.
    let method: any EditingMethod
    let retrieval: RetrievalTier
    let base: BaseModel
    /// Names what the method has learned.
    let state: String

    /// The unedited model, which every log begins with.
    init(unedited base: BaseModel) {
        number = 0
        state = ""
        method = Unedited(model: base.model, tokenizer: base.tokenizer)
        retrieval = RetrievalTier()
        self.base = base
    }

    init(number: Int, _ adapters: Adapters, retrieval: RetrievalTier, base: BaseModel) {
        self.number = number
        state = adapters.key.text
        method = adapters.method
        self.retrieval = retrieval
        self.base = base
    }

    /// What to ask it by: `12`, or `12.1` where the adapters were made anew since event 12.
    public var name: String { revision == 0 ? "\(number)" : "\(number).\(revision)" }

    /// Tokens that a prompt and its answer may have together.
    public var contextLength: Int { base.model.configuration.maximumLength }

    /// The token ids of a text, with what the tokenizer puts around it. A text without any, which no
    /// model can read, becomes the mark that texts begin or end with.
    public func tokens(of text: String) -> [Int] {
        let tokens = base.tokenizer.encode(text)
        guard tokens.isEmpty, let mark = base.tokenizer.beginningOfText ?? base.tokenizer.endOfText
        else { return tokens }
        return [mark]
    }

    /// The token ids of a chat, up to where the assistant's answer begins: as the checkpoint's chat
    /// template writes it, or for a model that was not taught to chat the messages, a line each.
    ///
    /// - Throws: `EditError` for messages that the template refuses.
    public func tokens(of messages: [ChatMessage]) throws -> [Int] {
        tokens(of: try base.chat.prompt(messages))
    }

    /// The text of some token ids, without special tokens.
    public func text(of tokens: [Int]) -> String { base.tokenizer.decode(tokens) }

    /// The text of one token, special ones included.
    func text(ofToken token: Int) -> String {
        base.tokenizer.decode([token], skipSpecialTokens: false)
    }

    /// Ids below this are known.
    var vocabularySize: Int { base.model.configuration.vocabularySize }

    /// The trace with who answered and in which version.
    func marked(_ trace: RouteTrace) -> RouteTrace {
        var trace = trace
        if trace.decision == .edited, trace.tier == nil { trace.tier = .adapters }
        trace.version = number
        return trace
    }
}
