import Foundation

extension GeneralTask {
    /// GSM8K, arithmetic: JSON lines with `question` and `answer`, a rationale and the number after
    /// `#### `. The rationale stands in the prompt, so that only its last step is asked.
    static func gsm8k(_ data: Data) throws -> [[Question]] {
        try objects(data) { fields in
            let question = try fields.exactText("question")
            let answer = try fields.exactText("answer")
            let mark = answer.firstRange(of: "#### ")
            let number = mark.map { answer[$0.upperBound...].trimmingCharacters(in: .whitespaces) }
            guard let mark, let number, !number.isEmpty else {
                throw EvaluationError("`answer` should end with `#### ` and a number but does not")
            }
            let rationale = answer[..<mark.lowerBound]
            return [
                Question(
                    "Q: \(question) A:Let's think step by step. \(rationale) "
                        + "Therefore, the answer (arabic numerals) is:",
                    .contains(number))
            ]
        }
    }
}
