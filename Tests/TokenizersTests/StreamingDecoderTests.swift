import Testing
import Tokenizers

/// Text token by token.
@Suite struct StreamingDecoderTests {
    /// LLaMA-2's decoder over a few tokens.
    private static let file = tokenizerFile(
        vocabulary: """
            {"<unk>":0,"<s>":1,"</s>":2,"<0xE2>":3,"<0x82>":4,"<0xAC>":5,"<0x0A>":6,"▁":7,"▁a":8,
             "b":9,"▁▁":10,"\u{FFFD}":11}
            """,
        parts: """
            "added_tokens":[{"id":1,"content":"<s>","special":true},
             {"id":2,"content":"</s>","special":true}]
            """,
        """
        "decoder":{"type":"Sequence","decoders":[
         {"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
         {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
        """)

    private func pieces(_ ids: [Int]) throws -> [String] {
        let tokenizer = try TokenizerFolder.load(["tokenizer.json": Self.file])
        var stream = StreamingDecoder(tokenizer)
        return ids.map { stream.append($0) } + [stream.finish()]
    }

    @Test func keepsSpacesBetweenWordsButNotInFront() throws {
        #expect(try pieces([8, 8, 9]) == ["a", " a", "b", ""])
        #expect(try pieces([8, 7, 9]) == ["a", "", " b", ""])
        #expect(try pieces([1, 8, 2, 8]) == ["", "a", "", " a", ""])
        #expect(try pieces([10, 9]) == [" ", "b", ""])
    }

    @Test func waitsForTheWholeCharacter() throws {
        #expect(try pieces([9, 3, 4, 5, 9]) == ["b", "", "", "", "€b", ""])
        #expect(try pieces([9, 6]) == ["b", "", "\n"])
    }

    @Test func incompleteCharactersComeAtTheEnd() throws {
        #expect(try pieces([9, 3, 4]) == ["b", "", "", "\u{FFFD}\u{FFFD}"])
        #expect(try pieces([9, 11]) == ["b", "", "\u{FFFD}"])
    }

    @Test func anyIdsStreamToTheirDecoding() throws {
        let tokenizer = try TokenizerFolder.load(["tokenizer.json": Self.file])
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5_000 {
            let ids = (0..<Int.random(in: 0...7, using: &generator)).map { _ in
                Int.random(in: 0...12, using: &generator)
            }
            for skips in [true, false] {
                var stream = StreamingDecoder(tokenizer, skipSpecialTokens: skips)
                let text = ids.map { stream.append($0) }.joined() + stream.finish()
                let whole = tokenizer.decode(ids, skipSpecialTokens: skips)
                #expect(Array(text.utf8) == Array(whole.utf8), "\(ids)")
            }
        }
    }

    @Test func startsAnewAfterTheEnd() throws {
        let tokenizer = try TokenizerFolder.load(["tokenizer.json": Self.file])
        var stream = StreamingDecoder(tokenizer)
        #expect(stream.append(8) + stream.finish() == "a")
        #expect(stream.append(8) + stream.finish() == "a")
    }
}
