/// The text of one continuation as far as it may be shown: what may be the beginning of a text that
/// ends it is held back until that is decided.
struct ShownText {
    private let stops: [[UInt8]]
    /// What is not shown yet; always whole characters.
    private var held: [UInt8] = []
    /// Bytes shown so far.
    private var shown = 0
    /// Scores of tokens that are not shown yet, with the byte where their text begins.
    private var scores: [(start: Int, score: TokenScore)] = []
    /// Whether one of the stops came.
    private(set) var isStopped = false

    init(stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Takes the score of the next token, whose text comes with the next `append`.
    mutating func expect(_ score: TokenScore) {
        scores.append((shown + held.count, score))
    }

    /// Takes more text and returns what may be shown now.
    mutating func append(_ text: String) -> (text: String, scores: [TokenScore]) {
        held += Array(text.utf8)
        if let end = firstStop() {
            isStopped = true
            held.removeSubrange(end...)
            return show(held.count, isLast: false)
        }
        return show(held.count - unsettled(), isLast: false)
    }

    /// Returns the rest, which nothing can end any more.
    mutating func finish() -> (text: String, scores: [TokenScore]) {
        show(held.count, isLast: !isStopped)
    }

    private mutating func show(
        _ count: Int, isLast: Bool
    ) -> (text: String, scores: [TokenScore]) {
        let text = String(decoding: held.prefix(count), as: UTF8.self)
        held.removeFirst(count)
        shown += count
        // A token of no text, such as half a character, belongs to what follows it.
        let ready = scores.prefix { isLast || $0.start < shown }.count
        defer { scores.removeFirst(ready) }
        return (text, scores.prefix(ready).map(\.score))
    }

    private func firstStop() -> Int? {
        stops.compactMap { stop in
            guard held.count >= stop.count else { return nil }
            return (0...held.count - stop.count).first { held[$0...].starts(with: stop) }
        }.min()
    }

    /// How many of the last bytes may be the beginning of a stop: whole characters, since a stop
    /// begins with one.
    private func unsettled() -> Int {
        stops.map { stop in
            (1..<stop.count).last { held.suffix($0).elementsEqual(stop.prefix($0)) } ?? 0
        }.max() ?? 0
    }
}
