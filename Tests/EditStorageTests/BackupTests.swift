import Edits
import Foundation
import Testing

@testable import EditStorage

/// A copy is the log as it stood at one moment, whole.
struct BackupTests {
    let folder: Folder
    let log: EditLog
    let copy: URL

    init() throws {
        folder = try Folder()
        log = try EditLog(writing: folder.log)
        copy = folder.url.appending(path: "copy")
    }

    /// What lies beside the log: the copy, and no drafts.
    private var beside: [String] {
        get throws { try files(in: folder.url).map(\.lastPathComponent) }
    }

    @Test func aCopyHoldsEverythingAndGoesOn() throws {
        try log.appendEdits(3)
        try log.setCurrent(log.snapshot("a", key: "a"))
        try log.setCurrent(log.snapshot("b", key: "b", batches: [[1], [3]]))
        try EditLog(reading: folder.log).backup(to: copy)
        #expect(
            try files(in: copy).map(\.lastPathComponent) == ["log.sqlite", "snapshots"])
        #expect(try beside == ["copy", "log"])

        let restored = try EditLog(writing: copy)
        #expect(try restored.events() == log.events())
        #expect(try restored.snapshots() == log.snapshots())
        #expect(try restored.currentSnapshot() == log.currentSnapshot())
        for snapshot in try restored.snapshots() {
            #expect(try restored.fault(of: snapshot) == nil)
        }
        try restored.appendEdits(1)
        #expect(try restored.chainFaults().isEmpty)
        #expect(try log.events().count == 3)
    }

    @Test func aCopyTakenWhileOneWritesIsAPrefix() async throws {
        let log = log
        try log.appendEdits(1)
        try await withThrowingTaskGroup { group in
            group.addTask {
                for number in 1...40 {
                    let snapshot = try log.snapshot("\(number)", key: "\(number)")
                    _ = try log.append(
                        [edit(2 * number), edit(2 * number + 1)], author: nil, reason: nil,
                        snapshot: snapshot)
                    if number > 3 { try log.remove(["\(number - 3)"]) }
                }
            }
            for number in 1...4 {
                let copy = folder.url.appending(path: "copy-\(number)")
                try log.backup(to: copy)
                let reader = try EditLog(reading: copy)
                let events = try reader.events()
                #expect(events.count % 2 == 1)
                #expect(try reader.chainFaults().isEmpty)
                for snapshot in try reader.snapshots() {
                    #expect(try reader.fault(of: snapshot) == nil)
                }
                #expect(try Array(log.events().prefix(events.count)) == events)
            }
            try await group.waitForAll()
        }
        #expect(try log.events().count == 81)
    }

    @Test func aCopyThroughAVersionKnowsNothingOfWhatCameAfter() throws {
        try log.appendEdits(4)
        try log.setCurrent(log.snapshot("early", key: "early", batches: [[1], [2]]))
        try log.setCurrent(log.snapshot("late", key: "late", batches: [[1, 4]]))
        try log.backup(to: copy, through: 3)
        do {
            let restored = try EditLog(writing: copy)
            #expect(try restored.events() == Array(log.events().prefix(3)))
            #expect(try restored.snapshots().map(\.key) == ["early"])
            #expect(try restored.currentSnapshot() == nil)
            #expect(try restored.orphans().isEmpty)
            #expect(try restored.chainFaults().isEmpty)
            #expect(try restored.hash(of: 3) == log.hash(of: 3))
        }
        let bytes = try Data(contentsOf: copy.appending(path: "log.sqlite"))
        #expect(bytes.firstRange(of: Data("book 3".utf8)) != nil)
        #expect(bytes.firstRange(of: Data("book 4".utf8)) == nil)
        #expect(throws: (any Error).self) {
            try tamper(with: copy, "DELETE FROM event WHERE sequence = 3")
        }
    }

    @Test func whatDamagesASnapshotDoesNotDamageItsBackup() throws {
        try log.appendEdits(1)
        // Two snapshots that share a file.
        let first = try log.snapshot(["a", "b"], key: "first")
        let second = try log.snapshot(["a", "c"], key: "second")
        try log.setCurrent(first)
        try log.setCurrent(second)
        try log.backup(to: copy)
        let linked = folder.url.appending(path: "linked")
        try log.backup(to: linked, sharingFiles: true)

        let handle = try FileHandle(forWritingTo: log.file(of: first))
        try handle.write(contentsOf: Data("x".utf8))
        try handle.close()
        let (restored, sharing) = (try EditLog(reading: copy), try EditLog(reading: linked))
        for snapshot in [first, second] {
            #expect(try log.fault(of: snapshot) != nil)
            #expect(try restored.fault(of: snapshot) == nil)
            #expect(try sharing.fault(of: snapshot) != nil)
        }
    }

    @Test func aVersionThatTheLogDoesNotHaveIsRefused() throws {
        try log.appendEdits(2)
        for version in [0, 3] {
            let error = #expect(throws: EditStorageError.self) {
                try log.backup(to: copy, through: version)
            }
            #expect(
                error?.message
                    == "expected a version from 1 to 2, got \(version); `errata log` lists them.")
        }
        #expect(try beside == ["log"])
    }

    @Test func aSnapshotWhoseFileIsGoneIsLeftOut() throws {
        try log.appendEdits(1)
        try log.setCurrent(log.snapshot("kept", key: "kept"))
        let gone = try log.snapshot("gone", key: "gone")
        try log.setCurrent(gone)
        try FileManager.default.removeItem(at: log.file(of: gone))
        try log.backup(to: copy)
        let restored = try EditLog(reading: copy)
        #expect(try restored.snapshots().map(\.key) == ["kept"])
        #expect(try restored.currentSnapshot() == nil)
        #expect(try restored.events().count == 1)
    }

    @Test func whatStandsWhereACopyShouldGoIsLeftAlone() throws {
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        let note = copy.appending(path: "note")
        try Data("mine".utf8).write(to: note)
        let error = #expect(throws: EditStorageError.self) { try log.backup(to: copy) }
        #expect(error?.message.contains("which is not empty; choose another.") == true)
        #expect(throws: EditStorageError.self) { try log.backup(to: note) }
        #expect(try Data(contentsOf: note) == Data("mine".utf8))
        #expect(try beside == ["copy", "log"])
    }
}
