import Editing
import Edits
import Foundation
import Synchronization
import Testing

@testable import Errata

/// What is handed on answers as the model does, or is not there.
@Suite(.serialized) struct ExportTests {
    private let world: World

    init() throws { world = try World() }

    /// Without texts of the model's own, which take it a while to write.
    private static let editsAlone: ExportOptions = {
        var options = ExportOptions()
        options.unrelatedTexts = 0
        return options
    }()

    @Test(arguments: UndoTests.editors)
    func aSelfContainedDirectoryNeedsNothingElse(_ editor: Editor) async throws {
        let base = world.place("base")
        try FileManager.default.copyItem(at: World.directory, to: base)
        let model = try EditableModel(opening: base, options: World.options(), editor: editor)
        let edits = try World.edits(4)
        try await model.learn([Array(edits.prefix(2)), Array(edits[2...2])])
        let prompts = edits.map(\.prompt) + ["The weather was"]
        let before = try await model.answer(prompts).map(\.text)
        let report = try await model.export(
            to: world.place("out"), as: .errata, options: Self.editsAlone)
        #expect(report.parity.isPassed && report.edits == 3)
        #expect(report.parity.readings[0].edits.difference == 0)
        try FileManager.default.removeItem(at: base)
        try FileManager.default.moveItem(at: world.place("out"), to: world.place("moved"))
        let moved = try EditableModel(opening: world.place("moved"), options: World.options())
        #expect(try await moved.answer(prompts).map(\.text) == before)
        #expect(try await moved.digest == model.digest)
        // It goes on from there, and a copy of it finds the base too.
        try await moved.learn([[edits[3]]])
        try EditHistory(of: world.place("moved")).copy(to: world.place("copy"))
        let copy = try EditableModel(opening: world.place("copy"), options: World.options())
        #expect(try await copy.digest == moved.digest)
    }

    @Test(arguments: UndoTests.editors)
    func everyMethodHasTheFormatsItCanHave(_ editor: Editor) async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: editor)
        try await model.learn([try World.edits(4)])
        let formats = await model.exportFormats
        for format in ExportFormat.allCases where format != .errata {
            let place = world.place(format.rawValue)
            if formats.contains(format) {
                let report = try await model.export(
                    to: place, as: format, options: Self.editsAlone)
                #expect(report.parity.isPassed)
                try requireFiles(of: format, in: place, report: report)
            } else {
                let error = await #expect(throws: ErrataError.self) {
                    try await model.export(to: place, as: format)
                }
                #expect(error?.message.contains("expected a format that \(editor.method)") == true)
                #expect(!FileManager.default.fileExists(atPath: place.path))
            }
        }
        #expect(try leftovers() == formats.filter { $0 != .errata }.map(\.rawValue).sorted())
    }

    private func requireFiles(
        of format: ExportFormat, in place: URL, report: ExportReport
    ) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        switch format {
        case .errata: break
        case .merged:
            #expect(
                names == [
                    "config.json", "generation_config.json", "merges.txt", "model.safetensors",
                    "parity.json", "parity.md", "tokenizer.json", "tokenizer_config.json",
                    "vocab.json",
                ])
        case .peft:
            #expect(names == ["adapters", "index.json", "parity.json", "parity.md"])
            let index = try JSONDecoder().decode(
                AdapterIndex.self, from: Data(contentsOf: place.appending(path: "index.json")))
            #expect(index.edits.map(\.id) == (try World.edits(4).map(\.id)))
            #expect(index.adapters.count == report.adapters)
            #expect(index.edits.filter { $0.folder == nil }.map(\.id) == report.deferred)
            #expect(Set(index.edits.compactMap(\.folder)) == Set(index.adapters.map(\.folder)))
            for adapter in index.adapters {
                let files = try FileManager.default.contentsOfDirectory(
                    atPath: place.appending(path: adapter.folder).path)
                #expect(files.sorted() == ["adapter_config.json", "adapter_model.safetensors"])
            }
        }
    }

    @Test func aChoiceOfEditsIsExportedAlone() async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: World.hasty)
        let edits = try World.edits(4)
        try await model.learn([edits])
        var options = Self.editsAlone
        options.edits = [edits[2].id]
        let report = try await model.export(to: world.place("out"), as: .peft, options: options)
        #expect(report.edits == 1 && report.adapters == 1)
        options.edits = ["nobody"]
        await #expect(throws: EditError.self) {
            try await model.export(to: world.place("other"), as: .peft, options: options)
        }
        options.edits = [edits[2].id]
        await #expect(throws: ErrataError.self) {
            try await model.export(to: world.place("other"), as: .errata, options: options)
        }
        #expect(try leftovers() == ["out"])
    }

    @Test func whatIsTakenBackIsForgottenFirst() async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: World.hasty)
        let edits = try World.edits(2)
        try await model.learn(edits.map { [$0] })
        try await model.undo([edits[0].id], settling: false)
        let error = await #expect(throws: ErrataError.self) {
            try await model.export(to: world.place("out"), as: .peft)
        }
        #expect(error?.message.contains("errata settle") == true)
        try await model.settle()
        let report = try await model.export(
            to: world.place("out"), as: .peft, options: Self.editsAlone)
        #expect(report.edits == 1)
    }

    @Test(arguments: [ExportFormat.errata, .peft, .merged])
    func itCanBeStoppedUntilItAppears(_ format: ExportFormat) async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(),
            editor: format == .merged
                ? Editor("lora", replacing: ["steps": "2"]) : World.hasty)
        try await model.learn([try World.edits(2)])
        let calls = Mutex(0)
        try await model.export(
            to: world.place("whole"), as: format, options: Self.editsAlone,
            onProgress: { done, total in
                #expect(done <= total && total > 0)
                calls.withLock { $0 += 1 }
            })
        // Two prompts asked, at least two compared, and the last word.
        let count = calls.withLock { $0 }
        #expect(count >= 5)
        struct Enough: Error {}
        for last in [3, count] {
            let seen = Mutex(0)
            await #expect(throws: Enough.self) {
                try await model.export(
                    to: world.place("out"), as: format, options: Self.editsAlone,
                    onProgress: { _, _ in
                        let number = seen.withLock { seen in
                            seen += 1
                            return seen
                        }
                        if number == last { throw Enough() }
                    })
            }
        }
        #expect(try leftovers() == ["whole"])
    }

    @Test(arguments: ["f99", "i64"])
    func aTypeThatWeightsAreNotStoredInIsNamed(_ type: String) async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: Editor("lora"))
        var options = Self.editsAlone
        options.storedDtype = type
        let error = await #expect(throws: ErrataError.self) {
            try await model.export(to: world.place("out"), as: .merged, options: options)
        }
        #expect(
            error?.message
                == "expected weights to be stored in f32, bf16 or f16, got \(type).")
    }

    @Test func anExistingDirectoryStaysAsItIs() async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: World.hasty)
        try FileManager.default.createDirectory(
            at: world.place("out"), withIntermediateDirectories: true)
        await #expect(throws: ErrataError.self) {
            try await model.export(to: world.place("out"), as: .errata)
        }
        #expect(try leftovers() == ["out"])
    }

    @Test func whatAnotherReaderDoesNotConfirmIsNotThere() async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: World.hasty)
        try await model.learn([try World.edits(2)])
        let seen = Mutex(0)
        let error = await #expect(throws: ParityFailure.self) {
            try await model.export(to: world.place("out"), as: .peft) { draft in
                let cases = try Self.cases(of: draft)
                seen.withLock { $0 = cases }
                return ExportReading(
                    reader: "somebody", cases: try Self.agreements(cases, difference: 0.01))
            }
        }
        #expect(seen.withLock { $0 } > 2)
        #expect(error?.description.contains("somebody finds for “") == true)
        #expect(error?.report.readings.map(\.isPassed) == [true, false])
        #expect(try leftovers() == [])
    }

    @Test func anotherAnswerIsAcceptedWhereTheChoiceWasADrawAlone() async throws {
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: World.hasty)
        try await model.learn([try World.edits(2)])
        func export(lead: Double) async throws -> ExportReport {
            let place = world.place("out \(lead)")
            return try await model.export(to: place, as: .peft) { draft in
                ExportReading(
                    reader: "somebody",
                    cases: try Self.agreements(Self.cases(of: draft), lead: lead))
            }
        }
        let reading = try await export(lead: 1e-4).parity.readings[1]
        let tallies = [reading.edits, reading.unrelated]
        #expect(tallies.reduce(0) { $0 + $1.prompts - $1.sameTexts } == 1)
        await #expect(throws: ParityFailure.self) { try await export(lead: 1e-3) }
    }

    private static func agreements(
        _ count: Int, difference: Double = 0, lead: Double? = nil
    ) throws -> [ExportReading.Case] {
        let json = #"{"difference": 0, "largest": 10}"#
        let same = try JSONDecoder().decode(ExportReading.Case.self, from: Data(json.utf8))
        var found = [ExportReading.Case](repeating: same, count: count)
        (found[0].difference, found[0].lead) = (difference, lead)
        return found
    }

    private static func cases(of draft: ExportDraft) throws -> Int {
        let head = try Data(contentsOf: draft.cases)
        let length = head.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let json = try JSONSerialization.jsonObject(with: head.dropFirst(8).prefix(length))
        return try #require(json as? [String: Any]).keys.count { $0.hasSuffix(".scores") }
    }

    private func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: world.folder.path).sorted()
    }
}
