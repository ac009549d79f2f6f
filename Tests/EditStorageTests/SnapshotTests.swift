import Edits
import Foundation
import Testing

@testable import EditStorage

/// What adapters had learned is found again by name, and trusted only while it is whole.
struct SnapshotTests {
    let folder: Folder
    let log: EditLog

    init() throws {
        folder = try Folder()
        log = try EditLog(writing: folder.log)
    }

    private var names: [String] {
        get throws { try files(in: log.folder).map(\.lastPathComponent) }
    }

    @Test func aSnapshotComesWithItsEventAndIsTheCurrentOne() throws {
        let snapshot = try log.snapshot("weights", key: "k", batches: [[1, 2], [4]])
        #expect(try log.currentSnapshot() == nil)
        _ = try log.append([edit(1)], author: nil, reason: nil, snapshot: snapshot)
        #expect(try log.currentSnapshot() == snapshot)
        #expect(try log.snapshot(forKey: "k") == snapshot)
        #expect(try log.snapshot(forKey: "l") == nil)
        #expect(try Data(contentsOf: log.file(of: snapshot)) == Data("weights".utf8))
        #expect(try log.fault(of: snapshot) == nil)
        #expect(snapshot.files[0].bytes == 7 && snapshot.files[0].digest.count == 64)
        #expect(try EditLog(reading: folder.log).currentSnapshot() == snapshot)
    }

    @Test func theOneRegisteredFirstIsFirst() throws {
        let (a, b) = (try log.snapshot("a", key: "a"), try log.snapshot("b", key: "b"))
        for snapshot in [a, b, a] { try log.setCurrent(snapshot) }
        #expect(try log.snapshots() == [b, a])
        #expect(try log.currentSnapshot() == a)
        let other = try log.snapshot("other", key: "b", batches: [[3]])
        try log.setCurrent(other)
        #expect(try log.snapshots() == [a, other])
    }

    @Test func aSnapshotWithoutItsFileIsNotRegistered() throws {
        let missing = Snapshot(
            key: "k", files: [SnapshotFile(digest: "none", bytes: 1)], batches: [])
        #expect(throws: EditStorageError.self) {
            try log.append([edit(1)], author: nil, reason: nil, snapshot: missing)
        }
        #expect(try log.events().isEmpty && log.snapshots().isEmpty)
    }

    @Test func theSameContentIsOneFile() throws {
        let (a, b) = (try log.snapshot("same", key: "a"), try log.snapshot("same", key: "b"))
        #expect(log.file(of: a) == log.file(of: b))
        #expect(try names.count == 1)
    }

    @Test func writingAgainMendsADamagedFile() throws {
        let snapshot = try log.snapshot("same", key: "a")
        try Data("sane".utf8).write(to: log.file(of: snapshot))
        #expect(try log.fault(of: snapshot) != nil)
        _ = try log.snapshot("same", key: "a")
        #expect(try log.fault(of: snapshot) == nil)
    }

    @Test func whatCannotBeWrittenLeavesNothing() throws {
        #expect(throws: EditError("no")) {
            try log.writeSnapshotFile {
                try Data("half".utf8).write(to: $0)
                throw EditError("no")
            }
        }
        #expect(throws: EditStorageError.self) { try log.writeSnapshotFile { _ in } }
        #expect(try names.isEmpty)
    }

    @Test func aFlippedByteAndAMissingFileAreNamed() throws {
        let snapshot = try log.snapshot("weights", key: "k")
        let file = log.file(of: snapshot)
        try Data("weightS".utf8).write(to: file)
        #expect(
            try log.fault(of: snapshot)?.hasPrefix(
                "\(file.path) is damaged: its SHA-256 is another;") == true)
        try FileManager.default.removeItem(at: file)
        #expect(try log.fault(of: snapshot)?.hasPrefix("\(file.path) is missing;") == true)
    }

    @Test func whatIsRemovedGoesWithItsFileUnlessAnotherNamesIt() throws {
        let (a, b) = (try log.snapshot("same", key: "a"), try log.snapshot("same", key: "b"))
        let (c, d) = (try log.snapshot("c", key: "c"), try log.snapshot("d", key: "d"))
        for snapshot in [a, b, c, d] { try log.setCurrent(snapshot) }
        try log.remove(["a", "c", "d", "unknown"])
        #expect(try log.snapshots() == [b, d])
        #expect(try log.fault(of: b) == nil)
        #expect(try log.fault(of: c) != nil)
        #expect(try log.currentSnapshot() == d)
        try log.remove(["b"])
        #expect(try names == [log.file(of: d).lastPathComponent])
    }

    @Test func aFileThatSeveralSnapshotsShareGoesWithTheLast() throws {
        let short = try log.snapshot(["one"], key: "short")
        let long = try log.snapshot(["one", "two"], key: "long", batches: [[1], [2]])
        let other = try log.snapshot(["three"], key: "other")
        for snapshot in [short, long, other] { try log.setCurrent(snapshot) }
        #expect(try log.snapshot(forKey: "long") == long)
        #expect(try log.transactionCounts() == ["short": 1, "long": 2, "other": 1])
        #expect(try log.remove(["short"]) == 0)
        #expect(try log.fault(of: long) == nil)
        #expect(try log.remove(["long"]) == 6)
        #expect(try names == [log.file(of: other).lastPathComponent])
    }

    @Test func anyFaultyFileIsAFaultOfItsSnapshot() throws {
        let snapshot = try log.snapshot(["one", "two"], key: "k")
        let second = log.file(of: snapshot.files[1])
        try Data("tow".utf8).write(to: second)
        #expect(try log.fault(of: snapshot)?.hasPrefix("\(second.path) is damaged") == true)
        try FileManager.default.removeItem(at: second)
        #expect(try log.fault(of: snapshot)?.hasPrefix("\(second.path) is missing") == true)
        #expect(throws: EditStorageError.self) { try log.setCurrent(snapshot) }
    }

    @Test func whatACrashLeftIsFoundAndRemoved() throws {
        let kept = try log.snapshot("kept", key: "k")
        try log.setCurrent(kept)
        let orphan = try log.snapshot("never registered", key: "o")
        let draft = log.folder.appending(path: "draft-1.safetensors.partial-7")
        try Data(count: 1000).write(to: draft)
        #expect(Set(try log.orphans()) == [log.file(of: orphan), draft])
        #expect(try EditLog(reading: folder.log).orphans().count == 2)
        #expect(try log.compact() >= 1000)
        #expect(try log.orphans().isEmpty)
        #expect(try log.fault(of: kept) == nil)
        #expect(try log.currentSnapshot() == kept)
    }

    @Test func compactingGivesRoomBack() throws {
        let long = String(repeating: "k", count: 100_000)
        try log.setCurrent(log.snapshot("a", key: long))
        try log.setCurrent(log.snapshot("a", key: "short"))
        try log.remove([long])
        _ = try log.compact()
        #expect(try size(of: folder.log.appending(path: "log.sqlite")) < 100_000)
        #expect(try size(of: folder.log.appending(path: "log.sqlite-wal")) == 0)
        #expect(try log.compact() == 0)
        #expect(try log.snapshots().map(\.key) == ["short"])
    }

    @Test func compactingDisturbsNoReader() async throws {
        let path = folder.log
        let log = log
        try log.appendEdits(20)
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    let reader = try EditLog(reading: path)
                    for _ in 0..<40 { #expect(try reader.events().count >= 20) }
                }
            }
            for number in 0..<5 {
                try log.appendEdits(1)
                let key = String(repeating: "\(number)", count: 100_000)
                try log.setCurrent(log.snapshot("a", key: key))
                try log.setCurrent(log.snapshot("a", key: "short"))
                try log.remove([key])
                _ = try log.compact()
            }
            try await group.waitForAll()
        }
        #expect(try log.events().count == 25)
        #expect(try log.chainFaults().isEmpty)
    }
}
