import Foundation

extension GeneralTask {
    /// SAMSum, summaries of chats: a JSON list of `dialogue` and `summary`.
    static func samsum(_ data: Data) throws -> [[Question]] {
        try objects(data) { fields in
            [
                Question(
                    "\(try fields.exactText("dialogue"))\nTL;DR:",
                    .summary(try fields.exactText("summary")))
            ]
        }
    }
}
