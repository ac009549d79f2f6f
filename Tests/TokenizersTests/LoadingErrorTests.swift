import Foundation
import Testing
import Tokenizers

/// Wrong files: one sentence that names the thing and says what to do.
@Suite struct LoadingErrorTests {
    private static let vocabulary = #"{"a":0,"b":1,"ab":2}"#

    private func complaint(
        vocabulary: String = vocabulary, merges: String = "[]", options: String = "",
        _ parts: String...
    ) throws -> String {
        let extra = parts.isEmpty ? "\"version\":\"1.0\"" : parts.joined(separator: ",")
        return try TokenizerFolder.complaint([
            "tokenizer.json": tokenizerFile(
                vocabulary: vocabulary, merges: merges, options: options, parts: extra)
        ])
    }

    @Test func namesWhatADirectoryLacks() throws {
        let message = try TokenizerFolder.complaint(["vocab.json": Self.vocabulary])
        #expect(message.contains("has no tokenizer: expected tokenizer.json, or vocab.json and"))
        let nowhere = URL(filePath: "/nonexistent/folder")
        #expect(throws: TokenizerError.self) { try loadTokenizer(from: nowhere) }
    }

    @Test func namesThePlaceOfMalformedJSON() throws {
        let message = try TokenizerFolder.complaint(["tokenizer.json": "{\n \"model\": }\n"])
        #expect(message.contains("expected a value at line 2, column 11"))
        for text in [
            "", "{", "[", "{\"a\"}", "{\"a\":1,}", "[1,]", "\"open", "\"\\x\"", "\"\\ud800\"",
            "tru",
            "{} {}", "\"\\u12\"", "\"a\nb\"", "1.2.3", String(repeating: "[", count: 100_000),
        ] {
            let message = try TokenizerFolder.complaint(["tokenizer.json": text])
            #expect(message.contains("is not valid JSON"), "\(text.prefix(20))")
        }
    }

    @Test func asksForAnObject() throws {
        let message = try TokenizerFolder.complaint(["tokenizer.json": "[1]"])
        #expect(message.contains("should hold a JSON object, not an array"))
    }

    @Test func namesComponentsItLacks() throws {
        let unknown = try [
            complaint(#""normalizer":{"type":"NFKC"}"#),
            complaint(#""pre_tokenizer":{"type":"Bert"}"#),
            complaint(#""post_processor":{"type":"BertProcessing"}"#),
            complaint(#""decoder":{"type":"WordPiece"}"#),
            complaint(options: #","continuing_subword_prefix":"@@""#),
            complaint(options: #","dropout":0.1"#),
            TokenizerFolder.complaint([
                "tokenizer.json": #"{"model":{"type":"Unigram","vocab":[]}}"#
            ]),
        ]
        let names = ["NFKC", "Bert", "BertProcessing", "WordPiece", "prefix", "dropout", "Unigram"]
        for (message, name) in zip(unknown, names) {
            #expect(message.contains(name) && message.contains("not supported"), "\(message)")
        }
    }

    @Test func namesPatternsItLacks() throws {
        let message = try complaint(
            """
            "pre_tokenizer":{"type":"Sequence","pretokenizers":[
             {"type":"Split","pattern":{"Regex":"[a-z]+"},"behavior":"Isolated"},
             {"type":"ByteLevel","use_regex":false,"add_prefix_space":false}]}
            """)
        #expect(message.contains("a Split with an unknown pattern"))
    }

    @Test func namesSpacesThatAreNotAddedAfterDigits() throws {
        let message = try complaint(
            """
            "pre_tokenizer":{"type":"Sequence","pretokenizers":[
             {"type":"Digits","individual_digits":true},{"type":"ByteLevel"}]}
            """)
        #expect(message.contains("a ByteLevel that adds spaces after Digits"))
    }

    @Test func namesWhatTheModelLacks() throws {
        #expect(try TokenizerFolder.complaint(["tokenizer.json": "{}"]).contains("no \"model\""))
        #expect(try complaint(vocabulary: "{}").contains("holds no tokens"))
        #expect(try complaint(vocabulary: #"{"a":-1}"#).contains("gives a an id"))
        #expect(try complaint(vocabulary: #"{"a":1.5}"#).contains("gives a an id"))
        #expect(try complaint(vocabulary: #"{"a":99999999999}"#).contains("gives a an id"))
        #expect(try complaint(merges: #"["b a"]"#).contains("merges[0] needs the token ba"))
        #expect(try complaint(merges: #"["a b c"]"#).contains("two tokens, not 3"))
        #expect(try complaint(merges: "[7]").contains("should be a string or an array of two"))
        #expect(try complaint(options: #","unk_token":"?""#).contains("is ?, which is not in"))
        #expect(try complaint(options: #","fuse_unk":"no""#).contains("should be true or false"))
    }

    @Test func namesTheLineOfAWrongMerge() throws {
        let message = try TokenizerFolder.complaint([
            "vocab.json": Self.vocabulary, "merges.txt": "#version: 0.2\na b\na\n",
        ])
        #expect(message.contains("merges.txt") && message.contains("line 3"))
    }

    @Test func namesAddedTokensWithoutAnID() throws {
        let files = ["vocab.json": Self.vocabulary, "merges.txt": ""]
        for (name, text) in [
            ("added_tokens.json", #"{"<pad>": "three"}"#),
            ("tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": "<pad>"}}}"#),
        ] {
            let message = try TokenizerFolder.complaint(files.merging([name: text]) { $1 })
            #expect(message.contains(name) && message.contains("gives <pad> an id"), "\(message)")
        }
    }

    @Test func namesSpecialTokensTheTemplateLacks() throws {
        let message = try complaint(
            """
            "post_processor":{"type":"TemplateProcessing","special_tokens":{},
             "single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}]}
            """)
        #expect(message.contains("no \"<s>\""))
    }

    @Test func beginningOfTextMustBeNamedToBeAdded() throws {
        let message = try TokenizerFolder.complaint([
            "vocab.json": Self.vocabulary, "merges.txt": "",
            "tokenizer_config.json": #"{"add_bos_token": true}"#,
        ])
        #expect(message.contains("names no bos_token"))
    }
}
