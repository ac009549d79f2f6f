import Foundation
import GRDB
import Testing

@testable import EditStorage

/// Logs live for years: what an earlier Errata wrote is brought up to date, and nothing is lost.
struct MigrationTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    /// A log as the first Errata left it.
    private func old() throws -> Snapshot {
        let written = try EditLog(writing: folder.log).snapshot("weights", key: "k")
        let file = written.files[0]
        try FileManager.default.removeItem(at: folder.log.appending(path: "log.sqlite"))
        let database = try DatabaseQueue(path: folder.log.appending(path: "log.sqlite").path)
        try Schema.migrator.migrate(database, upTo: "events and snapshots")
        try database.write { db in
            try db.execute(
                sql: "INSERT INTO snapshot VALUES ('k', ?, ?, '[[1]]', 1)",
                arguments: [file.digest, file.bytes])
            try db.execute(sql: "INSERT INTO current VALUES (1, 'k')")
        }
        try database.close()
        return written
    }

    @Test func aSnapshotOfOneFileKeepsIt() throws {
        let written = try old()
        #expect(try EditLog(writing: folder.log).currentSnapshot() == written)
        #expect(try EditLog(reading: folder.log).fault(of: written) == nil)
    }

    @Test func whoReadsAnOldLogFirstBringsItUpToDate() throws {
        let written = try old()
        let reader = try EditLog(reading: folder.log)
        #expect(try reader.currentSnapshot() == written && reader.fault(of: written) == nil)
        // The lock was let go.
        try EditLog(writing: folder.log).appendEdits(1)
        #expect(try reader.events().count == 1)
    }

    @Test func anOldLogThatAnotherWritesIsOneSentence() throws {
        _ = try old()
        let lock = try WriterLock(folder.log.appending(path: "writer.lock"), waiting: 0)
        let error = withExtendedLifetime(lock) {
            #expect(throws: EditStorageError.self) { try EditLog(reading: folder.log) }
        }
        #expect(
            error?.message.hasPrefix(
                "\(folder.log.path) was written by an older Errata and could not be brought up to "
                    + "date: expected to be the only writer of ") == true)
    }
}
