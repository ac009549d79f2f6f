import Edits
import Foundation
import GRDB
import Testing

@testable import EditStorage

/// What is appended is there from then on, as it was.
struct AppendTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test func whatWasAppendedIsReadAgain() throws {
        #expect(!EditLog.exists(in: folder.log))
        var written: [LogEvent] = []
        do {
            let log = try EditLog(writing: folder.log)
            #expect(try log.events().isEmpty)
            written += try log.append([edit(1), edit(2)], author: "ada", reason: "they moved")
            written += try log.append(
                [.note("a / b\n\u{0}"), .undo(Undo(targets: [1]))], author: nil, reason: nil)
            #expect(try log.events() == written)
        }
        #expect(EditLog.exists(in: folder.log))
        #expect(written.map(\.sequence) == [1, 2, 3, 4])
        #expect(written.first?.author == "ada" && written.first?.reason == "they moved")
        #expect(try EditLog(writing: folder.log).events() == written)
        let reader = try EditLog(reading: folder.log)
        #expect(try reader.events() == written)
        #expect(try reader.events(after: 2) == Array(written.suffix(2)))
        #expect(try reader.events(after: 4).isEmpty)
        #expect(try reader.chainFaults().isEmpty)
    }

    @Test func timesAreInUTCWithMilliseconds() throws {
        let log = try EditLog(writing: folder.log)
        let time = try #require(log.append([.note("x")], author: nil, reason: nil).first).time
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test func theHashOfAnEventNamesAllBeforeIt() throws {
        let log = try EditLog(writing: folder.log)
        try log.appendEdits(2)
        let documents = try log.read { try String.fetchAll($0, sql: "SELECT document FROM event") }
        var hash = String(repeating: "0", count: 64)
        for (index, document) in documents.enumerated() {
            let chained = folder.url.appending(path: "chained")
            try Data((hash + "\n" + document).utf8).write(to: chained)
            hash = try digest(of: chained)
            #expect(try log.hash(of: index + 1) == hash)
        }
        #expect(try log.hash(of: 3) == nil)
    }

    @Test func anEventThatCouldNotBeReadAgainIsNotWritten() throws {
        let log = try EditLog(writing: folder.log)
        var record = try EditRecord(id: "a", prompt: "p", target: "t")
        record.target = " "
        let blank = LogEvent.Content.edit(LoggedEdit(record: record, transaction: 2))
        #expect(throws: EditError.self) {
            try log.append([.note("first"), blank], author: nil, reason: nil)
        }
        #expect(try log.events().isEmpty)
    }

    @Test(arguments: [
        "UPDATE event SET document = '{}' WHERE sequence = 2",
        "DELETE FROM event WHERE sequence = 3",
        "INSERT OR REPLACE INTO event VALUES (2, '{}', 'x')",
        "INSERT OR REPLACE INTO event SELECT 4, '{}', hash FROM event WHERE sequence = 1",
        "INSERT INTO event VALUES (9, '{}', 'x')",
    ])
    func sqlCannotChangeWhatWasWritten(sql: String) throws {
        let log = try EditLog(writing: folder.log)
        try log.appendEdits(3)
        #expect(throws: DatabaseError.self) { try tamper(with: folder.log, sql) }
        #expect(try log.events().count == 3)
        #expect(try log.chainFaults().isEmpty)
    }

    @Test func aFullDiskChangesNothing() throws {
        let log = try EditLog(writing: folder.log)
        try log.appendEdits(2)
        let snapshot = try log.snapshot("a", key: "a")
        func limit(_ pages: Int) throws {
            _ = try log.database.read {
                try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(pages)")
            }
        }
        try limit(1)
        let long = LogEvent.Content.note(String(repeating: "x", count: 100_000))
        let error = #expect(throws: EditStorageError.self) {
            try log.append([edit(3), long], author: nil, reason: nil, snapshot: snapshot)
        }
        #expect(
            error?.message.hasSuffix(
                "log.sqlite: the disk is full; nothing was changed; make room and try again.")
                == true)
        #expect(try log.events().count == 2)
        #expect(try log.currentSnapshot() == nil)
        try limit(1_000_000)
        #expect(try log.append([edit(3), long], author: nil, reason: nil).count == 2)
        #expect(try log.chainFaults().isEmpty)
    }
}
