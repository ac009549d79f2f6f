/// One row of a generation: what has come, what may be shown of it, and whether it has ended.
///
/// Tokens that may be the beginning of a stop sequence are held back until that is decided, so a
/// stream never shows what the result will not hold.
package struct GrowingText {
    /// All tokens that came, stop token excluded.
    package private(set) var tokens: [Int] = []
    /// Why it ended; nil while it grows.
    package private(set) var reason: StopReason?
    private var shown = 0
    private let stopTokens: Set<Int>
    private let stopSequences: [[Int]]
    private let maximum: Int
    private let room: Int

    /// - Parameter room: how many tokens the context can hold beyond the prompt.
    package init(_ options: GenerationOptions, stopTokens: [Int], room: Int) {
        self.stopTokens = Set(stopTokens)
        stopSequences = options.stopSequences
        maximum = options.maximumTokens
        self.room = room
        if maximum == 0 { reason = .maximumTokens }
    }

    /// Takes one more token and returns those that may now be shown.
    package mutating func append(_ token: Int) -> ArraySlice<Int> {
        if stopTokens.contains(token) { return end(.stopToken) }
        tokens.append(token)
        if let sequence = stopSequences.first(where: { tokens.ends(with: $0) }) {
            tokens.removeLast(sequence.count)
            return end(.stopSequence)
        }
        if tokens.count >= maximum { return end(.maximumTokens) }
        // The last token that fits is made from a full context; the next would have to enter it.
        if tokens.count > room { return end(.contextLimit) }
        return show(upTo: tokens.count - heldBack)
    }

    /// Ends the text after the tokens shown so far, `unread` of which were not wanted.
    mutating func interrupt(unread: Int) {
        tokens = Array(tokens[..<(shown - unread)])
        reason = .interrupted
    }

    private mutating func end(_ reason: StopReason) -> ArraySlice<Int> {
        self.reason = reason
        return show(upTo: tokens.count)
    }

    private mutating func show(upTo end: Int) -> ArraySlice<Int> {
        defer { shown = max(shown, end) }
        return tokens[min(shown, end)..<end]
    }

    /// How many of the last tokens may be the beginning of a stop sequence.
    private var heldBack: Int {
        stopSequences.map { sequence in
            (1..<sequence.count).last { tokens.ends(with: sequence.prefix($0)) } ?? 0
        }.max() ?? 0
    }
}

extension [Int] {
    fileprivate func ends(with other: some Collection<Int>) -> Bool {
        count >= other.count && suffix(other.count).elementsEqual(other)
    }
}
