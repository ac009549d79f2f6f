import Editing
import Edits
import Foundation
import Testing

@testable import Errata

/// Taking back is exact: to the bit what the model would be had it never had the edit.
@Suite struct UndoTests {
    private let world: World

    init() throws { world = try World() }

    /// Every method, in so few steps that thirty edits take a moment.
    static let editors: [Editor] = MethodInfo.all.filter { $0.name != "unedited" }.map { method in
        let keys = [
            "steps": "2", "epochs": "1", "samples": "16", "editsPerExpert": "5",
            "editsPerBatch": "5", "answerTokens": "4", "contextsPerLength": "1",
        ]
        let known = (try? method.recipe(nil, for: .gpt2XL)).map {
            String(decoding: $0, as: UTF8.self)
        }
        var values = keys.filter { known?.contains("\"\($0.key)\" :") == true }
        // ELDER's key of that name is inside another.
        if method.name == "elder" {
            values["samples"] = nil
            values["matchGate"] = #"{"samples": 16}"#
        }
        return Editor(method.name, replacing: values)
    }

    @Test(arguments: editors)
    func whatIsUndoneWasNeverThere(_ editor: Editor) async throws {
        let edits = try World.edits(30)
        let batches = edits.chunks(of: 10)
        let model = try await world.model(editor)
        try await model.learn(batches)
        let whole = try await model.digest
        for edit in [edits[29], edits[14], edits[0]] {
            let report = try await model.undo([edit.id])
            let never = try EditableModel(
                opening: World.directory, options: World.options(), editor: editor)
            try await never.learn(batches.map { $0.filter { $0.id != edit.id } })
            #expect(try await model.digest == never.digest, "\(edit.id)")
            try await model.undo(["#\(report.event)"])
            #expect(try await model.digest == whole, "\(edit.id) redone")
        }
        let opened = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(try await opened.digest == whole)
    }

    @Test func anUndoneEditDoesNotFireBeforeTheAdaptersForgetIt() async throws {
        let edits = try World.edits(2)
        let model = try await world.model(.elder(.default))
        try await model.apply(edits)
        #expect(try await model.ask(edits[0].prompt).after.text == " " + edits[0].target)
        try await model.undo([edits[0].id], settling: false)
        let asked = try await model.ask(edits[0].prompt)
        #expect(asked.after.text == asked.before.text && asked.edit == nil)
        #expect(try await model.isUnchanged([edits[0].prompt]) == [true])
        let other = try await model.ask(edits[1].prompt)
        #expect(other.after.text == " " + edits[1].target && other.after.trace.tier == .adapters)
        // Another process sees the same.
        let reader = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(try await reader.ask(edits[0].prompt).edit == nil)
        #expect(try await model.status().retired == 1)
        #expect(try await model.settle() == 1)
        #expect(try await model.status().retired == 0)
    }

    @Test func transactionsAndUndosAreTakenBackInAnyOrder() async throws {
        let edits = try World.edits(6)
        let model = try await world.model(World.hasty)
        try await model.learn(edits.chunks(of: 2))
        let all = try await model.digest
        let publication = try #require(
            await model.ledger.events.last { $0.kind == .publish })
        let first = try await model.undo([edits[0].id])
        let second = try await model.undo(["\(publication.sequence)"])
        #expect(second.targets.count == 2)
        #expect(await model.ledger.live.map(\.count) == [1, 2])
        try await model.undo(["\(first.event)"])
        #expect(await model.ledger.live.map(\.count) == [2, 2])
        try await model.undo(["\(second.event)"])
        #expect(try await model.digest == all)
        await #expect(throws: EditError.self) { try await model.undo(["\(second.event)"]) }
        await #expect(throws: EditError.self) { try await model.undo(["no-such-edit"]) }
    }

    @Test func anEarlierVersionKnowsItsOwnEventsOfAnEditGivenTwice() async throws {
        let edit = try World.edits(1)[0]
        let model = try await world.model(World.hasty)
        try await model.learn([[edit]])
        let (version, then) = (await model.ledger.version, try await model.digest)
        try await model.undo([edit.id])
        try await model.learn([[edit]])
        let earlier = try EditableModel(
            opening: world.place("edited"), options: World.options(), version: version)
        #expect(try await earlier.digest == then)
        #expect(try await earlier.status().retired == 0)
        let text = try await earlier.ask(edit.prompt).after.text
        #expect(try await model.ask(edit.prompt).after.text == text)
    }

    @Test func anEditGivenAgainBeforeItIsForgottenSettles() async throws {
        let edit = try World.edits(1)[0]
        let model = try await world.model(World.hasty)
        try await model.learn([[edit]])
        let then = try await model.digest
        try await model.undo([edit.id], settling: false)
        try await model.learn([[edit]])
        #expect(try await model.settle() == 0)
        #expect(try await model.digest == then)
        #expect(try await model.status().retired == 0)
    }

    @Test func whatIsPendingIsTakenBackBeforeItIsLearned() async throws {
        let edits = try World.edits(2)
        var model: EditableModel? = try await world.model(World.hasty)
        try await model!.learn([[edits[0]]])
        let then = try await model!.digest
        // As if the process had died between accepting and publishing.
        try await model!.acceptOnly([edits[1]])
        model = nil
        let next = try EditableModel(opening: world.place("edited"), options: World.options())
        try await next.undo([edits[1].id])
        #expect(try await next.digest == then)
        let ledger = await next.ledger
        #expect(ledger.live.count == 1 && ledger.pending.isEmpty)
        #expect(ledger.events.filter { $0.kind == .publish }.count == 1)
    }

    @Test func anEarlierVersionIsOpenedAsItWas() async throws {
        let edits = try World.edits(4)
        let model = try await world.model(World.hasty)
        try await model.learn([Array(edits[..<2])])
        let (version, then) = (await model.ledger.version, try await model.digest)
        try await model.learn([Array(edits[2...])])
        try await model.undo([edits[0].id])
        let earlier = try EditableModel(
            opening: world.place("edited"), options: World.options(), version: version)
        #expect(try await earlier.digest == then)
        try EditHistory(of: world.place("edited"))
            .copy(to: world.place("then"), through: version)
        let copy = try EditableModel(opening: world.place("then"), options: World.options())
        #expect(try await copy.digest == then)
        #expect(await copy.ledger.version == version)
        #expect(try await copy.verify(.full).faults == [])
    }
}
