import Edits
import Foundation
import GRDB

@testable import EditStorage

/// A folder of a test's own, which goes with it.
final class Folder: Sendable {
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
        id: "edit-\(number)", prompt: "Who wrote book \(number)?", target: "Ada “x” / Lo\u{0}",
        rephrases: ["Book \(number) is by"], tags: ["é", "日本"])
    return .edit(LoggedEdit(record: record, transaction: number))
}

extension EditLog {
    /// Appends the next edits, each in a transaction of its own.
    func appendEdits(_ count: Int) throws {
        let first = try (events().last?.sequence ?? 0) + 1
        for number in first..<first + count {
            _ = try append([edit(number)], author: "ada", reason: nil)
        }
    }

    /// Writes a snapshot's file that holds `text`.
    func snapshot(_ text: String, key: String, batches: [[Int]] = [[1]]) throws -> Snapshot {
        try snapshot([text], key: key, batches: batches)
    }

    /// Writes a file for each of `texts`.
    func snapshot(_ texts: [String], key: String, batches: [[Int]] = [[1]]) throws -> Snapshot {
        let files = try texts.map { text in
            try writeSnapshotFile { try Data(text.utf8).write(to: $0) }
        }
        return Snapshot(key: key, files: files, batches: batches)
    }

    /// Where the one file of a snapshot lies.
    func file(of snapshot: Snapshot) -> URL { file(of: snapshot.files[0]) }
}

/// What a stranger with SQLite at hand does to a log, behind our back.
func tamper(with log: URL, _ sql: String) throws {
    let database = try DatabaseQueue(path: log.appending(path: "log.sqlite").path)
    try database.writeWithoutTransaction { try $0.execute(sql: sql) }
    try database.close()
}

/// What lifts the guard of the events.
let unguarded = """
    DROP TRIGGER event_follows; DROP TRIGGER event_stays; DROP TRIGGER event_remains;
    """

/// Copies what is on the disk while the log is open, as a power cut would leave it.
///
/// Another process copies: closing the file here would drop the locks that SQLite holds on it.
func powerCut(_ log: URL, to copy: URL) throws {
    try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    let files = ["log.sqlite", "log.sqlite-wal"].map { log.appending(path: $0).path }
    let process = try Process.run(URL(filePath: "/bin/cp"), arguments: files + [copy.path])
    process.waitUntilExit()
}
