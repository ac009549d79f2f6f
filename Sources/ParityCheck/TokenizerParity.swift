import Foundation
import Tokenizers

/// Encodes and decodes what `reference/tokenizers_parity.py` wrote, and measures how fast.
enum TokenizerParity {
    /// Reads `strings.jsonl` and `rows.jsonl` of the folder, writes what the tokenizer makes of
    /// them, and prints the seconds for `short.jsonl` and `long.jsonl`.
    static func run(_ arguments: ArraySlice<String>) throws {
        guard arguments.count == 3, let passes = arguments.last.flatMap({ Int($0) }) else {
            throw ParityError("expected: errata-parity tokenizers FOLDER TOKENIZER PASSES")
        }
        let paths = arguments.map { URL(fileURLWithPath: $0) }
        let folder = paths[0]
        let tokenizer = try loadTokenizer(from: paths[1])

        let strings = try texts(folder, "strings")
        try write(strings.map { row(tokenizer.encode($0)) }, folder, "ids")
        let plain = strings.map { row(tokenizer.encode($0, addSpecialTokens: false)) }
        try write(plain, folder, "plain")

        let rows = try lines(folder, "rows").map(ids)
        try write(try rows.map { try text(tokenizer.decode($0)) }, folder, "skipped")
        let kept = try rows.map { try text(tokenizer.decode($0, skipSpecialTokens: false)) }
        try write(kept, folder, "kept")
        try write(rows.map { "\(isStreamedWhole($0, tokenizer))" }, folder, "streamed")

        for kind in ["short", "long"] {
            let seconds = time(try texts(folder, kind), tokenizer, passes: passes)
            print(kind, seconds.encoding, seconds.decoding)
        }
    }

    private static func isStreamedWhole(_ ids: [Int], _ tokenizer: any Tokenizer) -> Bool {
        [true, false].allSatisfy { skips in
            var stream = StreamingDecoder(tokenizer, skipSpecialTokens: skips)
            let text = ids.map { stream.append($0) }.joined() + stream.finish()
            let whole = tokenizer.decode(ids, skipSpecialTokens: skips)
            return text.utf8.elementsEqual(whole.utf8)
        }
    }

    // MARK: Time

    /// The best of the passes, in seconds.
    private static func time(
        _ texts: [String], _ tokenizer: any Tokenizer, passes: Int
    ) -> (encoding: Double, decoding: Double) {
        let rows = texts.map { tokenizer.encode($0) }
        let encoding = best(of: passes) { for text in texts { _ = tokenizer.encode(text) } }
        let decoding = best(of: passes) { for row in rows { _ = tokenizer.decode(row) } }
        return (encoding, decoding)
    }

    private static func best(of passes: Int, _ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        return (0..<passes).map { _ in clock.measure(body) / .seconds(1) }.min() ?? 0
    }

    // MARK: Files

    private static func lines(_ folder: URL, _ name: String) throws -> [Data] {
        let data = try Data(contentsOf: folder.appendingPathComponent("\(name).jsonl"))
        return data.split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }

    private static func texts(_ folder: URL, _ name: String) throws -> [String] {
        let decoder = JSONDecoder()
        return try lines(folder, name).map { try decoder.decode(String.self, from: $0) }
    }

    private static func write(_ lines: [String], _ folder: URL, _ name: String) throws {
        let data = Data((lines.joined(separator: "\n") + "\n").utf8)
        try data.write(to: folder.appendingPathComponent("\(name).answer.jsonl"))
    }

    private static func ids(_ line: Data) -> [Int] {
        line.dropFirst().dropLast().split(separator: UInt8(ascii: ",")).compactMap {
            Int(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces))
        }
    }

    private static func row(_ ids: [Int]) -> String {
        "[" + ids.map(String.init).joined(separator: ",") + "]"
    }

    private static func text(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }
}
