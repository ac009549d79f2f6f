/// The words of a text as open question answering compares them: lower case, without ASCII
/// punctuation, without articles.
struct ComparableWords: Equatable {
    let words: [String]

    init(_ text: String) {
        var kept = String.UnicodeScalarView()
        var run = String.UnicodeScalarView()
        func endRun() {
            kept += ["a", "an", "the"].contains(String(run)) ? " ".unicodeScalars : run
            run.removeAll()
        }
        for scalar in text.lowercased().unicodeScalars where !scalar.isASCIIPunctuation {
            if scalar.isInWords {
                run.append(scalar)
            } else {
                endRun()
                kept.append(scalar)
            }
        }
        endRun()
        words = String(kept).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Whether the words of one of `answers` stand here in a row; an answer of punctuation alone
    /// never does.
    func contain(anyOf answers: [String]) -> Bool {
        answers.map { ComparableWords($0).words }.contains { !$0.isEmpty && words.contains($0) }
    }
}

extension Unicode.Scalar {
    /// Python's `string.punctuation`.
    fileprivate var isASCIIPunctuation: Bool {
        switch value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }

    fileprivate var isInWords: Bool {
        properties.isAlphabetic || properties.numericType != nil
    }
}
