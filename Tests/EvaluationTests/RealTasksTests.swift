import Foundation
import Testing

@testable import Evaluation

/// The released task files, where they lie beside the repository.
@Suite struct RealTasksTests {
    @Test(
        .enabled(if: RealDataTests.isThere("general_tasks/rte"), "no ../shared/data here"),
        arguments: [
            (GeneralTask.gsm8k, 1_319), (.rte, 2_489), (.nq, 3_610), (.boolq, 3_270),
            (.mutual, 886), (.samsum, 818), (.sst2, 872),
            // 3,684 blocks, of which 231 mark a document; four prompts each.
            (.conll03, 4 * 3_453),
        ])
    func everyRecordIsRead(task: GeneralTask, count: Int) throws {
        let folder = try TaskFolder(RealDataTests.folder.appending(path: "general_tasks"))
        let items = try folder.items(of: task)
        #expect(items.count == count)
        #expect(items.map(\.index) == Array(0..<count))
        #expect(try folder.dataFile(of: task).name == task.path)
        if task == .conll03 {
            // The entities that the shared task counts.
            let kinds = ["Person": 1_617, "Location": 1_668, "Organization": 1_661]
            for (kind, count) in kinds {
                let asked = items.filter { $0.question.part == kind }
                #expect(asked.map(\.question.rule.possible).reduce(0, +) == count)
            }
        }
    }
}
