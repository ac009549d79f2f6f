import Edits
import Foundation
import Testing

@testable import EditStorage

/// A damaged file costs what it held, and one sentence.
struct DamageTests {
    let folder: Folder
    let copy: URL

    init() throws {
        folder = try Folder()
        copy = folder.url.appending(path: "copy")
    }

    private var writeAhead: URL { copy.appending(path: "log.sqlite-wal") }

    /// A log of five events that was never closed.
    private func cut() throws {
        let log = try EditLog(writing: folder.log)
        try log.appendEdits(5)
        try withExtendedLifetime(log) { try powerCut(folder.log, to: copy) }
    }

    /// What is left can be read, and goes on.
    private func expectGoingOn(events: Int) throws {
        #expect(try EditLog(reading: copy).events().count == events)
        let log = try EditLog(writing: copy)
        #expect(try log.events().count == events)
        try log.appendEdits(2)
        #expect(try log.events().count == events + 2)
        #expect(try log.chainFaults().isEmpty)
    }

    @Test(arguments: [1, 24, 1000, 4120, 9000])
    func garbageAtTheTailOfTheWriteAheadLogCostsNothing(bytes: Int) throws {
        try cut()
        let handle = try FileHandle(forWritingTo: writeAhead)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data((0..<bytes).map { UInt8($0 * 7 % 251) }))
        try handle.close()
        try expectGoingOn(events: 5)
    }

    @Test(arguments: [1, 100, 4000])
    func aTornFrameCostsTheTransactionItBelongsToAndNoOther(bytes: Int) throws {
        try cut()
        let handle = try FileHandle(forWritingTo: writeAhead)
        try handle.truncate(atOffset: try handle.seekToEnd() - UInt64(bytes))
        try handle.close()
        try expectGoingOn(events: 4)
    }

    @Test(arguments: [0, 50, 1000, 4096, 10_000, 40_959])
    func aTruncatedLogIsOneSentence(bytes: UInt64) throws {
        try EditLog(writing: copy).appendEdits(100)
        let file = copy.appending(path: "log.sqlite")
        for name in ["log.sqlite-wal", "log.sqlite-shm"] {
            try? FileManager.default.removeItem(at: copy.appending(path: name))
        }
        let handle = try FileHandle(forWritingTo: file)
        #expect(try handle.seekToEnd() > bytes)
        try handle.truncate(atOffset: bytes)
        try handle.close()

        let uses: [() throws -> [String]] = [
            { try EditLog(reading: copy).chainFaults() },
            { try EditLog(writing: copy).chainFaults() },
        ]
        for use in uses {
            do {
                #expect(try !use().isEmpty)
            } catch {
                #expect(error is EditStorageError)
                #expect("\(error)".contains(file.path) && !"\(error)".contains("\n"))
            }
        }
    }

    @Test func aValueOfTheWrongKindIsOneSentence() throws {
        try EditLog(writing: copy).appendEdits(3)
        try tamper(
            with: copy,
            unguarded + """
                PRAGMA writable_schema = ON;
                UPDATE sqlite_master SET sql = replace(sql, 'document TEXT NOT NULL', 'document ANY')
                WHERE name = 'event';
                """)
        try tamper(with: copy, "UPDATE event SET document = NULL WHERE sequence = 2")
        let log = try EditLog(reading: copy)
        #expect(throws: EditStorageError.self) { try log.events() }
        #expect(try log.chainFaults().count == 1)
    }

    @Test func whatIsNoDatabaseIsOneSentence() throws {
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        let file = copy.appending(path: "log.sqlite")
        try Data(repeating: 7, count: 9000).write(to: file)
        let error = #expect(throws: EditStorageError.self) { try EditLog(writing: copy) }
        #expect(error?.message.hasPrefix("\(file.path) is damaged (SQLite says “") == true)
        #expect(try Data(contentsOf: file) == Data(repeating: 7, count: 9000))
    }

    @Test func anEmptyFileIsNotTakenForAnEmptyLog() throws {
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try Data().write(to: copy.appending(path: "log.sqlite"))
        let error = #expect(throws: EditStorageError.self) { try EditLog(writing: copy) }
        #expect(error?.message.contains("to hold an edit log") == true)
    }
}
