import Edits
import Foundation
import Testing

@testable import EditStorage

/// Verifying finds what was done to a log behind its back.
struct ChainTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
        try EditLog(writing: folder.log).appendEdits(9)
    }

    private func faults(after sql: String) throws -> [String] {
        try tamper(with: folder.log, unguarded + sql)
        return try EditLog(reading: folder.log).chainFaults()
    }

    @Test func aChangedDocumentIsFound() throws {
        let faults = try faults(
            after: """
                UPDATE event SET document = replace(document, 'book 7', 'book 8')
                WHERE sequence = 7
                """)
        #expect(
            faults == [
                "event 7: its hash does not follow from what it says and the event before it; "
                    + "restore a backup."
            ])
    }

    @Test func aChangedHashIsFoundThereAndAfter() throws {
        let faults = try faults(after: "UPDATE event SET hash = 'x' WHERE sequence = 4")
        try #require(faults.count == 2)
        #expect(faults[0].hasPrefix("event 4: its hash") && faults[1].hasPrefix("event 5: its"))
    }

    @Test func aRemovedEventIsFound() throws {
        let faults = try faults(after: "DELETE FROM event WHERE sequence = 5")
        try #require(faults.count == 2)
        #expect(faults[0] == "expected event 5, got event 6; restore a backup.")
        #expect(faults[1].hasPrefix("event 6: its hash"))
    }

    @Test func anEventThatCannotBeReadIsNamed() throws {
        try tamper(with: folder.log, "INSERT INTO event VALUES (10, '{\"sequence\": 10}', 'x')")
        let log = try EditLog(reading: folder.log)
        let error = #expect(throws: EditStorageError.self) { try log.events() }
        #expect(error?.message.hasPrefix("event 10 of ") == true)
        #expect(try log.chainFaults().count == 2)
    }

    @Test func anEventInAnothersPlaceIsNamed() throws {
        let faults = try faults(
            after: """
                UPDATE event SET document = (SELECT document FROM event WHERE sequence = 2)
                WHERE sequence = 3
                """)
        #expect(
            faults.last
                == "event 3 cannot be read (its document says that it is event 2); restore a backup."
        )
    }

    @Test func aLogOfANewerErrataIsRefused() throws {
        try tamper(with: folder.log, "INSERT INTO grdb_migrations VALUES ('later')")
        let readers: [(URL) throws -> EditLog] = [
            { try EditLog(reading: $0) }, { try EditLog(writing: $0) },
        ]
        for open in readers {
            let error = #expect(throws: EditStorageError.self) { try open(folder.log) }
            #expect(error?.message.contains("written by a newer Errata") == true)
        }
    }

    @Test func readingWhereThereIsNoLogIsRefused() throws {
        let error = #expect(throws: EditStorageError.self) { try EditLog(reading: folder.url) }
        #expect(
            error?.message == "expected an edit log in \(folder.url.path), found none; "
                + "`errata edit` makes one.")
    }
}
