import Foundation
import Tokenizers

/// Encodes and decodes what `reference/tokenizers_parity.py` wrote, and measures how fast.
enum TokenizerParity {
    /// What our side found, one file for each tokenizer.
    private struct Answer: Encodable {
        var withSpecial: [[Int]]
        var plain: [[Int]]
        var kept: [String]
        var skipped: [String]
        /// Whether decoding id by id gave the same text.
        var streamed: [Bool]
        /// Seconds for each set of texts, encoding and decoding: the best of the passes.
        var seconds: [String: [Double]]
    }

    private struct Question: Decodable {
        var tokenizer: String
        var strings: [String]
        var ids: [[Int]]
        var timed: [String: [String]]
        var passes: Int
    }

    /// Answers every `NAME.question.json` of the folder with a `NAME.answer.json`.
    static func run(_ arguments: ArraySlice<String>) throws {
        guard let path = arguments.first, arguments.count == 1 else {
            throw ParityError("expected: errata-parity tokenizers FOLDER")
        }
        let folder = URL(fileURLWithPath: path)
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        for name in names where name.hasSuffix(".question.json") {
            let data = try Data(contentsOf: folder.appendingPathComponent(name))
            let answer = try answer(to: try JSONDecoder().decode(Question.self, from: data))
            let file = name.replacingOccurrences(of: ".question.", with: ".answer.")
            try JSONEncoder().encode(answer).write(to: folder.appendingPathComponent(file))
        }
    }

    private static func answer(to question: Question) throws -> Answer {
        let tokenizer = try loadTokenizer(from: URL(fileURLWithPath: question.tokenizer))
        return Answer(
            withSpecial: question.strings.map { tokenizer.encode($0, addSpecialTokens: true) },
            plain: question.strings.map { tokenizer.encode($0, addSpecialTokens: false) },
            kept: question.ids.map { tokenizer.decode($0, skipSpecialTokens: false) },
            skipped: question.ids.map { tokenizer.decode($0, skipSpecialTokens: true) },
            streamed: question.ids.map { isStreamedWhole($0, tokenizer) },
            seconds: question.timed.mapValues { time($0, tokenizer, passes: question.passes) })
    }

    private static func isStreamedWhole(_ ids: [Int], _ tokenizer: any Tokenizer) -> Bool {
        [true, false].allSatisfy { skips in
            var stream = StreamingDecoder(tokenizer, skipSpecialTokens: skips)
            let text = ids.map { stream.append($0) }.joined() + stream.finish()
            let whole = tokenizer.decode(ids, skipSpecialTokens: skips)
            return text.utf8.elementsEqual(whole.utf8)
        }
    }

    private static func time(
        _ texts: [String], _ tokenizer: any Tokenizer, passes: Int
    ) -> [Double] {
        let rows = texts.map { tokenizer.encode($0) }
        let encoding = best(of: passes) { for text in texts { _ = tokenizer.encode(text) } }
        let decoding = best(of: passes) { for row in rows { _ = tokenizer.decode(row) } }
        return [encoding, decoding]
    }

    private static func best(of passes: Int, _ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        return (0..<passes).map { _ in clock.measure(body) / .seconds(1) }.min() ?? 0
    }
}
