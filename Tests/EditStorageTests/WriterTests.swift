import Edits
import Foundation
import Testing

@testable import EditStorage

/// One process writes, others wait or are told who it is.
struct WriterTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test func aSecondWriterIsToldWhoWrites() throws {
        let log = try EditLog(writing: folder.log)
        let error = #expect(throws: EditStorageError.self) { try EditLog(writing: folder.log) }
        let pid = ProcessInfo.processInfo.processIdentifier
        #expect(
            error?.message.hasPrefix(
                "expected to be the only writer of \(folder.log.path), got process \(pid) on ")
                == true)
        try log.appendEdits(1)
    }

    @Test func aWriterThatWaitsComesNext() async throws {
        let path = folder.log
        let first = try EditLog(writing: path)
        try first.appendEdits(1)
        // On a thread of its own, since it waits without leaving room to the tests beside it.
        async let second: Void = withCheckedThrowingContinuation { next in
            Thread.detachNewThread {
                next.resume(with: Result { try EditLog(writing: path, waiting: 60).appendEdits(1) })
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        try first.appendEdits(1)
        _ = consume first
        try await second
        #expect(try EditLog(reading: path).events().map(\.sequence) == [1, 2, 3])
    }

    @Test func anotherProcessIsRefusedToo() async throws {
        let log = try EditLog(writing: folder.log)
        await #expect(processExitsWith: .success) { [path = folder.log.path as String] in
            #expect(throws: EditStorageError.self) { try EditLog(writing: URL(filePath: path)) }
        }
        try log.appendEdits(1)
    }

    @Test func theLockGoesWithAProcessThatIsKilled() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.log.path as String] in
            let log = try EditLog(writing: URL(filePath: path))
            try log.appendEdits(3)
            kill(getpid(), SIGKILL)
        }
        #expect(try EditLog(reading: folder.log).events().count == 3)
        let log = try EditLog(writing: folder.log)
        try log.appendEdits(1)
        #expect(try log.chainFaults().isEmpty)
    }

    @Test(arguments: [50, 120, 250])
    func whatWasAcknowledgedOutlivesAKill(milliseconds: Int) async throws {
        // The child says so after each append; a byte in a file stands for one acknowledgement.
        let acknowledged = folder.url.appending(path: "acknowledged")
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [
                path = folder.log.path as String, acknowledged = acknowledged.path as String,
                milliseconds = milliseconds as Int
            ] in
            let log = try EditLog(writing: URL(filePath: path))
            let descriptor = open(acknowledged, O_WRONLY | O_CREAT | O_APPEND, 0o644)
            Thread.detachNewThread {
                usleep(UInt32(milliseconds) * 1000)
                kill(getpid(), SIGKILL)
            }
            while true {
                try log.appendEdits(1)
                write(descriptor, ".", 1)
            }
        }
        let count = (try? Data(contentsOf: acknowledged).count) ?? 0
        let log = try EditLog(reading: folder.log)
        #expect((count...count + 1).contains(try log.events().count))
        #expect(try log.chainFaults().isEmpty)
    }
}
