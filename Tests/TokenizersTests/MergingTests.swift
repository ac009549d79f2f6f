import Testing
import Tokenizers

/// Byte-pair encoding against its definition, written the slow way.
@Suite struct MergingTests {
    private static let merges = [
        ("a", "b"), ("b", "a"), ("a", "a"), ("ab", "ab"), ("c", "ab"), ("ba", "ba"), ("aa", "b"),
        ("abab", "ab"), ("b", "b"), ("bb", "a"), ("c", "c"), ("cc", "cc"),
    ]
    private static let tokens = ["a", "b", "c"] + merges.map { $0.0 + $0.1 }

    private static func tokenizer() throws -> any Tokenizer {
        let vocabulary = tokens.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
        let pairs = merges.map { "[\"\($0.0)\",\"\($0.1)\"]" }.joined(separator: ",")
        return try TokenizerFolder.load([
            "tokenizer.json": tokenizerFile(vocabulary: "{\(vocabulary)}", merges: "[\(pairs)]")
        ])
    }

    /// Lowest rank first, leftmost of equals, one merge at a time.
    private static func merged(_ text: String) -> [String] {
        var symbols = text.map(String.init)
        while true {
            let found = merges.lazy.compactMap { merge in
                symbols.indices.dropLast().first {
                    symbols[$0] == merge.0 && symbols[$0 + 1] == merge.1
                }
            }.first
            guard let found else { return symbols }
            symbols[found] += symbols.remove(at: found + 1)
        }
    }

    /// Lengths on both sides of where searching gives way to the heap.
    @Test(arguments: [0, 1, 2, 3, 7, 20, 39, 40, 41, 42, 60, 150, 400])
    func mergesInOrderOfRank(_ length: Int) throws {
        let tokenizer = try Self.tokenizer()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            let text = String((0..<length).map { _ in "abc".randomElement(using: &generator)! })
            let expected = Self.merged(text)
            #expect(tokenizer.encode(text).compactMap(tokenizer.token) == expected, "\(text)")
            // Again, from the words remembered.
            #expect(tokenizer.encode(text).compactMap(tokenizer.token) == expected, "\(text)")
        }
    }

    @Test func encodesALongPieceInReasonableTime() throws {
        let text = String(repeating: "abcab", count: 200_000)
        let clock = ContinuousClock()
        let tokenizer = try Self.tokenizer()
        // A quadratic loop over a million symbols would take hours.
        #expect(clock.measure { _ = tokenizer.encode(text) } < .seconds(60))
    }

    @Test func threadsShareATokenizer() async throws {
        let tokenizer = try Self.tokenizer()
        let texts = (1..<200).map { String(repeating: "abcaab", count: $0) }
        let expected = texts.map { tokenizer.encode($0) }
        await withTaskGroup(of: [[Int]].self) { group in
            for _ in 0..<8 { group.addTask { texts.map { tokenizer.encode($0) } } }
            for await ids in group { #expect(ids == expected) }
        }
    }

    @Test func moreWordsThanAreRemembered() throws {
        let tokenizer = try TokenizerFolder.load([
            "vocab.json": #"{"1":0,"2":1,"3":2,"4":3,"5":4,"6":5,"7":6,"8":7,"9":8,"0":9,"Ġ":10}"#,
            "merges.txt": "#version: 0.2\n",
        ])
        let text = (10000..<60000).map(String.init).joined(separator: " ")
        for _ in 0..<2 {
            #expect(tokenizer.decode(tokenizer.encode(text)) == text)
        }
    }
}
