import Edits
import Foundation

@testable import EditStorage

/// A folder of a test's own, which goes with it.
final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "errata-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Where the log lies that the tests write.
    var log: URL { url.appending(path: "log") }
}

/// An edit of its own for each number.
func edit(_ number: Int) throws -> LogEvent.Content {
    let record = try EditRecord(
        id: "edit-\(number)", prompt: "Who wrote book \(number)?",
        target: "Ada “\(number)” / Lo\u{0}",
        rephrases: ["Book \(number) is by"], tags: ["é", "日本"])
    return .edit(LoggedEdit(record: record, transaction: number))
}

extension EditLog {
    /// Appends one edit, the next.
    @discardableResult func appendEdit(snapshot: Snapshot? = nil) throws -> [LogEvent] {
        let next = try events().count + 1
        return try append([try edit(next)], author: "ada", reason: nil, snapshot: snapshot)
    }

    /// Writes a snapshot's file that holds `text`.
    func snapshot(_ text: String, key: String, batches: [[Int]] = [[1]]) throws -> Snapshot {
        let file = try writeSnapshotFile { try Data(text.utf8).write(to: $0) }
        return Snapshot(key: key, digest: file.digest, bytes: file.bytes, batches: batches)
    }
}
