import Foundation

extension GeneralTask {
    /// NQ, questions to a passage: JSON lines with `question`, `answer` (a list) and `output`, whose
    /// first text is the passage.
    static func nq(_ data: Data) throws -> [[Question]] {
        try objects(data) { fields in
            let passage = try fields.exactTexts("output")[0]
            let question = try fields.exactText("question")
            return [
                Question(
                    "Refer to the passage below and answer the following question. "
                        + "Passage: \(passage) Question: \(question)",
                    .span(try fields.exactTexts("answer")))
            ]
        }
    }
}
