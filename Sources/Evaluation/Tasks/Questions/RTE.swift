import Foundation

extension GeneralTask {
    /// RTE, entailment: a table of `index`, `sentence1`, `sentence2`, `label`.
    static func rte(_ data: Data) throws -> [[Question]] {
        try rows(data, columns: ["index", "sentence1", "sentence2", "label"]) { cells in
            let words = ["entailment": "true", "not_entailment": "false"]
            guard let word = words[cells[3]] else {
                throw EvaluationError(
                    "expected the label entailment or not_entailment, got `\(cells[3])`")
            }
            return Question(
                "\(cells[1]) entails the \(cells[2]). True or False? answer:",
                .containsWord(word, of: ["true", "false"]))
        }
    }
}
