import EditStorage
import Edits
import Foundation
import Testing

@testable import Errata

/// Where edits stand alone, a snapshot shares its files with those before it.
@Suite(.serialized) struct PartsTests {
    private let world: World
    /// In so few steps that it learns next to nothing, quickly.
    private let editor = Editor("lifelong", replacing: ["steps": "2", "samples": "16"])

    init() throws { world = try World() }

    @Test func aTransactionWritesWhatItLearned() async throws {
        let model = try await world.model(editor)
        for (place, edit) in try World.edits(11).enumerated() {
            try await model.learn([[edit]])
            // A file for each one of the number of edits in binary.
            #expect(try await model.files.count == (place + 1).nonzeroBitCount)
        }
        let sizes = try await model.files.map(\.bytes)
        #expect(sizes[2] < sizes[1] && sizes[1] < sizes[0])
        let opened = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(try await opened.digest == model.digest)
        #expect(try await opened.verify(.full).faults == [])
        #expect(try await opened.log.orphans() == [])
    }

    @Test func eachFileHoldsAtLeastTwiceTheEditsOfTheNext() async throws {
        let model = try await world.model(editor)
        var edits = try World.edits(15)[...]
        var counts: [Int] = []
        for count in [5, 4, 3, 2, 1] {
            try await model.learn([Array(edits.prefix(count))])
            edits = edits.dropFirst(count)
            counts.append(try await model.files.count)
        }
        // 5, then 5 + 4, then 9 and 3, then 9 + 3 + 2, then 14 and 1.
        #expect(counts == [1, 1, 2, 1, 2])
        let opened = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(try await opened.digest == model.digest)
    }

    @Test func anUndoKeepsTheFilesOfWhatCameBefore() async throws {
        let edits = try World.edits(6)
        let model = try await world.model(editor)
        try await model.learn(edits.map { [$0] })
        let before = try await model.files
        try await model.undo([edits[5].id])
        let after = try await model.files
        #expect(after.count == 2 && after[0] == before[0] && after[1] != before[1])
        let never = try EditableModel(
            opening: World.directory, options: World.options(), editor: editor)
        try await never.learn([Array(edits.prefix(5))])
        let opened = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(try await opened.digest == never.digest)
        try await model.undo([edits[0].id])
        #expect(try await model.files.count == 1)
        #expect(try await model.verify(.full).faults == [])
    }

    @Test func aDamagedFileAmongSeveralIsMended() async throws {
        let model = try await world.model(editor)
        try await model.learn(try World.edits(3).map { [$0] })
        let digest = try await model.digest
        let file = try await model.log.file(of: model.files[1])
        try Data("no".utf8).write(to: file)
        let opened = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(await opened.notices.first?.contains(file.lastPathComponent) == true)
        #expect(try await opened.digest == digest)
        #expect(try await model.verify(mending: true).mended == 1)
        let mended = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(await mended.notices == [])
        #expect(try await mended.digest == digest)
    }
}

extension EditableModel {
    fileprivate var log: EditLog { journal.log! }

    /// The files of the current snapshot.
    fileprivate var files: [SnapshotFile] {
        get throws { try log.currentSnapshot()!.files }
    }
}
