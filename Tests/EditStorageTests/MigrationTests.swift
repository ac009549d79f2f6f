import Foundation
import GRDB
import Testing

@testable import EditStorage

/// Logs live for years: what an earlier Errata wrote is brought up to date, and nothing is lost.
struct MigrationTests {
    @Test func aSnapshotOfOneFileKeepsIt() throws {
        let folder = try Folder()
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
        #expect(throws: EditStorageError.self) { try EditLog(reading: folder.log) }
        #expect(try EditLog(writing: folder.log).currentSnapshot() == written)
        #expect(try EditLog(reading: folder.log).fault(of: written) == nil)
    }
}
