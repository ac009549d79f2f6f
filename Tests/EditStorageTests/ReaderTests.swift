import Edits
import Foundation
import Testing

@testable import EditStorage

/// Readers see what was committed, all of it and nothing else, whoever writes or wrote.
struct ReaderTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test func readersSeePrefixesWhileOneWrites() async throws {
        let path = folder.log
        let log = try EditLog(writing: path)
        try log.appendEdits(1)
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    let reader = try EditLog(reading: path)
                    var seen = 0
                    while seen < 61 {
                        let events = try reader.events()
                        #expect(events.map(\.sequence) == Array(1..<events.count + 1))
                        #expect(events.count >= seen && events.count % 2 == 1)
                        #expect(try reader.chainFaults().isEmpty)
                        seen = events.count
                    }
                }
            }
            // Two at a time, so that half a transaction would be seen.
            for number in 1...30 {
                _ = try log.append(
                    [edit(2 * number), edit(2 * number + 1)], author: nil, reason: nil)
            }
            try await group.waitForAll()
        }
    }

    @Test func aReaderNeedsNoWriterAndNoFilesBesideTheLog() throws {
        try EditLog(writing: folder.log).appendEdits(3)
        for name in ["log.sqlite-wal", "log.sqlite-shm"] {
            try? FileManager.default.removeItem(at: folder.log.appending(path: name))
        }
        let readers = try (0..<3).map { _ in try EditLog(reading: folder.log) }
        for reader in readers { #expect(try reader.events().count == 3) }
    }

    @Test func aClosedLogIsOneFileByItself() throws {
        try EditLog(writing: folder.log).appendEdits(3)
        #expect(try size(of: folder.log.appending(path: "log.sqlite-wal")) == 0)
    }

    @Test func aReaderAfterAPowerCutSeesAllThatWasCommitted() throws {
        let log = try EditLog(writing: folder.log)
        try log.appendEdits(5)
        let copy = folder.url.appending(path: "copy")
        try powerCut(folder.log, to: copy)
        #expect(try EditLog(reading: copy).events() == log.events())
    }
}
