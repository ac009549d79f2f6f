import Testing
import Tokenizers

/// GPT-2's two files.
@Suite struct ByteLevelTests {
    private static let vocabulary = """
        {"H": 0, "i": 1, "Ġ": 2, "Hi": 3, "ĠHi": 4, "é": 5, "e\u{301}": 6, "Ã": 7, "©": 8,
         "Ã©": 9, "Ċ": 10, "<|endoftext|>": 11, "ð": 12, "Ł": 13, "ĺ": 14, "Ģ": 15}
        """
    private static let merges = "#version: 0.2\nH i\nĠ Hi\nÃ ©\n"

    private func load(_ config: String? = nil) throws -> any Tokenizer {
        var files = ["vocab.json": Self.vocabulary, "merges.txt": Self.merges]
        files["tokenizer_config.json"] = config
        return try TokenizerFolder.load(files)
    }

    @Test func readsVocabularyAndMerges() throws {
        let tokenizer = try load()
        #expect(tokenizer.encode("Hi Hi\n") == [3, 4, 10])
        #expect(tokenizer.decode([3, 4, 10]) == "Hi Hi\n")
        #expect(tokenizer.vocabularySize == 16)
    }

    @Test func emptyTextHasNoTokens() throws {
        #expect(try load().encode("") == [])
        #expect(try load().decode([]) == "")
    }

    @Test func namesDifferByBytesNotByLooks() throws {
        let tokenizer = try load()
        #expect(tokenizer.id(of: "\u{E9}") == 5)
        #expect(tokenizer.id(of: "e\u{301}") == 6)
        // One scalar is the bytes C3 A9, whose characters are Ã and ©.
        #expect(tokenizer.encode("\u{E9}") == [9])
        #expect(tokenizer.id(of: "absent") == nil)
        #expect(tokenizer.id(of: "") == nil)
    }

    @Test func idsOutsideTheVocabularyAreLeftOut() throws {
        let tokenizer = try load()
        #expect(tokenizer.decode([3, 99, -1, 3]) == "HiHi")
        #expect(tokenizer.token(of: 99) == nil)
        #expect(tokenizer.token(of: -1) == nil)
        #expect(tokenizer.token(of: 4) == "ĠHi")
    }

    @Test func endOfTextIsFoundInsideText() throws {
        let tokenizer = try load()
        #expect(tokenizer.encode("Hi<|endoftext|>Hi") == [3, 11, 3])
        #expect(tokenizer.decode([3, 11]) == "Hi")
        #expect(tokenizer.decode([3, 11], skipSpecialTokens: false) == "Hi<|endoftext|>")
        #expect(tokenizer.beginningOfText == 11)
        #expect(tokenizer.endOfText == 11)
    }

    @Test func configurationNamesSpecialTokens() throws {
        let tokenizer = try load(
            """
            {"bos_token": "<s>", "eos_token": {"content": "<|endoftext|>", "lstrip": false},
             "unk_token": null, "add_bos_token": true, "add_prefix_space": true}
            """)
        // "<s>" is not in the vocabulary: it gets the next id.
        #expect(tokenizer.beginningOfText == 16)
        #expect(tokenizer.endOfText == 11)
        #expect(tokenizer.vocabularySize == 17)
        #expect(tokenizer.encode("Hi") == [16, 4])
        #expect(tokenizer.encode("Hi", addSpecialTokens: false) == [4])
    }

    @Test func addedTokensKeepTheIDsThatTheConfigurationGives() throws {
        let tokenizer = try load(
            """
            {"eos_token": "<|endoftext|>", "added_tokens_decoder": {
              "11": {"content": "<|endoftext|>", "special": true},
              "20": {"content": "<|im_start|>", "special": true},
              "18": {"content": "[x]", "special": false, "rstrip": true}}}
            """)
        #expect(tokenizer.encode("Hi<|im_start|>Hi[x] Hi") == [3, 20, 3, 18, 3])
        #expect(tokenizer.decode([3, 20, 18]) == "Hi[x]")
        #expect(tokenizer.endOfText == 11)
        #expect(tokenizer.vocabularySize == 21)
    }

    @Test func theOlderFileOfAddedTokensIsRead() throws {
        let tokenizer = try TokenizerFolder.load([
            "vocab.json": Self.vocabulary, "merges.txt": Self.merges,
            "added_tokens.json": #"{"<s>": 17, "[x]": 16}"#,
            "tokenizer_config.json": #"{"bos_token": "<s>"}"#,
        ])
        #expect(tokenizer.beginningOfText == 17)
        #expect(tokenizer.encode("[x]Hi") == [16, 3])
        #expect(tokenizer.decode([17, 16, 3]) == "[x]Hi")
        #expect(tokenizer.vocabularySize == 18)
    }

    @Test func tokenizerFileComesBeforeTheTwoFiles() throws {
        let file = tokenizerFile(
            vocabulary: #"{"H":0,"i":1}"#,
            parts: #""pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}"#)
        let tokenizer = try TokenizerFolder.load([
            "tokenizer.json": file, "vocab.json": Self.vocabulary, "merges.txt": Self.merges,
        ])
        #expect(tokenizer.encode("Hi") == [0, 1])
    }

    /// What PyPI's `tokenizers` gives: spaces before a digit end their piece.
    @Test(arguments: [
        (true, [0, 7, 2, 3, 4, 8, 4, 3, 1, 2]), (false, [0, 7, 5, 4, 8, 4, 3, 1, 2]),
    ])
    func digitsMayStandApart(_ areSingle: Bool, _ ids: [Int]) throws {
        let file = tokenizerFile(
            vocabulary: """
                {"a":0,"b":1,"1":2,"2":3,"Ġ":4,"12":5,"Ġ1":6,"ĠĠ":7,"Ġb":8,"2b":9}
                """,
            merges: #"["1 2","Ġ 1","Ġ Ġ","Ġ b","2 b"]"#,
            parts: """
                "pre_tokenizer":{"type":"Sequence","pretokenizers":[
                 {"type":"Digits","individual_digits":\(areSingle)},
                 {"type":"ByteLevel","add_prefix_space":false}]}
                """)
        let tokenizer = try TokenizerFolder.load(["tokenizer.json": file])
        #expect(tokenizer.encode("a  12  b 2b1") == ids)
    }

    @Test func invalidBytesBecomeReplacementCharacters() throws {
        let tokenizer = try load()
        #expect(tokenizer.decode([12, 13, 14, 15]) == "😀")
        #expect(tokenizer.decode([12, 13, 14]) == "\u{FFFD}")
        #expect(tokenizer.decode([13, 3]) == "\u{FFFD}Hi")
    }
}
