import Edits
import Foundation
import GRDB
import Testing

@testable import EditStorage

/// What is appended is there from then on, and only ever appended to.
struct AppendTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test func whatWasAppendedIsReadAgain() throws {
        #expect(!EditLog.exists(in: folder.log))
        var written: [LogEvent] = []
        do {
            let log = try EditLog(writing: folder.log)
            #expect(try log.events().isEmpty)
            written += try log.append(
                [edit(1), edit(2)], author: "ada", reason: "they moved")
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
}
