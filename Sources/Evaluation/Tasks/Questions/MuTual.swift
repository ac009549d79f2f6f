import Foundation

extension GeneralTask {
    /// MuTual, how a dialogue goes on: one JSON object a file, with `article`, four `options` and
    /// `answers`, the letter of the right one.
    static func mutual(_ data: Data) throws -> [[Question]] {
        try objects(data) { fields in
            let article = try fields.exactText("article")
            let options = try fields.exactTexts("options", atLeast: 4)
            let letter = try fields.exactText("answers")
            guard ["A", "B", "C", "D"].contains(letter) else {
                throw EvaluationError("`answers` should be A, B, C or D but is `\(letter)`")
            }
            return [
                Question(
                    "Q: \(article) Which choice is correct? Answer Chioces: "
                        + "(A)\(options[0])(B)\(options[1])(C)\(options[2])(D)\(options[3]) "
                        + "A: Among A through D, the answer is",
                    .contains(letter))
            ]
        }
    }
}
