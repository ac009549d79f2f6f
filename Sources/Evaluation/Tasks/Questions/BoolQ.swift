import Foundation

extension GeneralTask {
    /// BoolQ, yes or no: JSON lines with `question`, `passage` and `answer`, true or false.
    static func boolq(_ data: Data) throws -> [[Question]] {
        try objects(data) { fields in
            let passage = try fields.exactText("passage")
            let question = try fields.exactText("question")
            let word = try fields.flag("answer") ? "yes" : "no"
            return [
                Question(
                    "Please answer the given question based on the passage. "
                        + "The answer should be exact 'yes' or 'no'. "
                        + "passage: \(passage) question: \(question). answer:",
                    .isWord(word, of: ["yes", "no"]))
            ]
        }
    }
}
