import Foundation

extension GeneralTask {
    /// SST-2, sentiment: a table of `sentence` and `label`, 1 for positive and 0 for negative.
    static func sst2(_ data: Data) throws -> [[Question]] {
        try rows(data, columns: ["sentence", "label"]) { cells in
            let words = ["1": "positive", "0": "negative"]
            guard let word = words[cells[1]] else {
                throw EvaluationError("expected the label 0 or 1, got `\(cells[1])`")
            }
            return Question(
                "For each snippet of text,label the sentiment of the text as positive or negative."
                    + "The answer should be exact 'positive' or 'negative'. "
                    + "text: \(cells[0]) answer:",
                .containsWord(word, of: ["positive", "negative"]))
        }
    }
}
