import Foundation
import Testing

/// The short form of `make crash`: killed at random instants and broken on purpose, the log keeps what
/// was acknowledged.
@Suite struct CrashTests {
    @Test func whatWasAcknowledgedSurvivesAnything() throws {
        let process = Process()
        let pipe = Pipe()
        process.executableURL =
            URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Scripts/crash-test").standardizedFileURL
        process.arguments = ["6", Errata.executable.path]
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(
            decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, Comment(rawValue: output))
        #expect(output.contains(" passed, 0 failed"))
    }
}
