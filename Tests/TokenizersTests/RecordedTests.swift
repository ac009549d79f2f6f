import Foundation
import Testing
import Tokenizers

/// Small tokenizers and what PyPI's `tokenizers` made of strings and ids with them;
/// `reference/tokenizers_parity.py --fixture` writes the file.
@Suite struct RecordedTests {
    struct Recording: Decodable {
        var name: String
        var ids: [[Int]]
        var plain: [[Int]]
        var rows: [[Int]]
        var kept: [String]
        var skipped: [String]
    }

    struct Fixture: Decodable {
        var strings: [String]
        var tokenizers: [Recording]
    }

    static let names = [
        "llama3 pattern", "gpt2 with flags", "llama2 like", "metaspace", "metaspace whole",
        "digits",
    ]

    private let data: Data
    private let fixture: Fixture

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/recorded.json")
        data = try Data(contentsOf: file)
        fixture = try JSONDecoder().decode(Fixture.self, from: data)
    }

    @Test func coversEveryTokenizer() {
        #expect(fixture.tokenizers.map(\.name) == Self.names)
    }

    @Test(arguments: names) func encodesAsRecorded(_ name: String) throws {
        let (recording, tokenizer) = try recorded(name)
        for (text, ids) in zip(fixture.strings, recording.ids) {
            #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
        }
        for (text, ids) in zip(fixture.strings, recording.plain) {
            #expect(
                tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text.debugDescription)")
        }
    }

    @Test(arguments: names) func decodesAsRecorded(_ name: String) throws {
        let (recording, tokenizer) = try recorded(name)
        for (row, text) in zip(recording.rows, recording.kept) {
            let ours = tokenizer.decode(row, skipSpecialTokens: false)
            #expect(Array(ours.utf8) == Array(text.utf8), "\(row)")
        }
        for (row, text) in zip(recording.rows, recording.skipped) {
            #expect(Array(tokenizer.decode(row).utf8) == Array(text.utf8), "\(row)")
        }
    }

    @Test(arguments: names, [true, false])
    func streamsWhatDecodingGives(_ name: String, _ skips: Bool) throws {
        let (recording, tokenizer) = try recorded(name)
        for row in recording.rows + recording.ids {
            var stream = StreamingDecoder(tokenizer, skipSpecialTokens: skips)
            let text = row.map { stream.append($0) }.joined() + stream.finish()
            let whole = tokenizer.decode(row, skipSpecialTokens: skips)
            #expect(Array(text.utf8) == Array(whole.utf8), "\(row)")
        }
    }

    /// The recording and its tokenizer, loaded from files as users have them.
    private func recorded(_ name: String) throws -> (Recording, any Tokenizer) {
        let recording = try #require(fixture.tokenizers.first { $0.name == name })
        let folder = try TokenizerFolder()
        try folder.write(try part("tokenizer", of: name), "tokenizer.json")
        try folder.write(try part("config", of: name), "tokenizer_config.json")
        return (recording, try folder.load())
    }

    /// A part of the file as it stands there: a parser of JSON would merge the vocabulary's "é"
    /// and "e" + accent, so the text between its name and the next one is cut out.
    private func part(_ key: String, of name: String) throws -> Data {
        let entry = try #require(data.range(of: Data("{\"name\":\"\(name)\"".utf8)))
        let (label, next) =
            key == "config" ? ("\"config\":", ",\"ids\":") : ("\"tokenizer\":", ",\"config\":")
        let start = try #require(data[entry.upperBound...].range(of: Data(label.utf8)))
        let end = try #require(data[start.upperBound...].range(of: Data(next.utf8)))
        let part = data[start.upperBound..<end.lowerBound]
        return part.elementsEqual("null".utf8) ? Data("{}".utf8) : Data(part)
    }
}
