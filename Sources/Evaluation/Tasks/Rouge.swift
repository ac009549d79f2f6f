/// How much of a target a text repeats, as PyPI's `rouge-score` counts it without stemming: F1 over
/// words, over pairs of words, and over the longest common subsequence of words.
package struct Rouge: Sendable, Equatable {
    /// ROUGE-1.
    package let one: Double
    /// ROUGE-2.
    package let two: Double
    /// ROUGE-L.
    package let longest: Double

    /// The mean of the three.
    package var mean: Double { (one + two + longest) / 3 }

    /// The scores of `prediction` against `target`.
    package init(_ prediction: String, target: String) {
        let (prediction, target) = (Self.words(prediction), Self.words(target))
        one = Self.overlap(prediction, target, length: 1)
        two = Self.overlap(prediction, target, length: 2)
        longest = Self.f1(
            Self.longestCommonSubsequence(prediction, target), of: prediction.count, target.count)
    }

    /// Runs of ASCII letters and digits in lower case; everything else parts them.
    private static func words(_ text: String) -> [String] {
        text.lowercased().utf8.split { byte in
            !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte)
                && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte)
        }.map { String(Substring($0)) }
    }

    private static func overlap(
        _ prediction: [String], _ target: [String], length: Int
    ) -> Double {
        let (found, wanted) = (grams(prediction, length), grams(target, length))
        let common = wanted.reduce(0) { $0 + min($1.value, found[$1.key] ?? 0) }
        return f1(common, of: found.values.reduce(0, +), wanted.values.reduce(0, +))
    }

    /// How often each run of `length` words occurs.
    private static func grams(_ words: [String], _ length: Int) -> [ArraySlice<String>: Int] {
        guard words.count >= length else { return [:] }
        let runs = (0...words.count - length).map { words[$0..<$0 + length] }
        return Dictionary(runs.map { ($0, 1) }, uniquingKeysWith: +)
    }

    private static func longestCommonSubsequence(
        _ left: [String], _ right: [String]
    ) -> Int {
        var lengths = [Int](repeating: 0, count: right.count + 1)
        for word in left {
            var diagonal = 0
            for (column, other) in right.enumerated() {
                let above = lengths[column + 1]
                lengths[column + 1] =
                    word == other ? diagonal + 1 : max(above, lengths[column])
                diagonal = above
            }
        }
        return lengths[right.count]
    }

    /// The harmonic mean of precision and recall.
    private static func f1(_ common: Int, of prediction: Int, _ target: Int) -> Double {
        let precision = Double(common) / Double(max(prediction, 1))
        let recall = Double(common) / Double(max(target, 1))
        return common == 0 ? 0 : 2 * precision * recall / (precision + recall)
    }
}
