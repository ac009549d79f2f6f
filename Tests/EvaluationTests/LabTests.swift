import Edits
import Errata
import Foundation
import Synchronization
import Testing

@testable import Evaluation

/// Streams measured on the embedded model.
@Suite(.serialized) struct LabTests {
    private let model: EditableModel
    private let data: LabData

    init() throws {
        let directory = ExperimentTests.root.appending(path: "Models/world-gpt2")
        var options = ModelOptions()
        options.threads = 1
        model = try EditableModel(opening: directory, options: options, editor: .unedited)
        data = try LabData(
            in: nil, files: [.zsre: directory.appending(path: "edits.jsonl")],
            target: .alternative)
    }

    func lab(keepEvery: Duration = .seconds(300)) async throws -> Lab {
        Lab(
            model: model, data: data,
            manifest: Manifest(
                command: ["errata", "reproduce"], edits: 0, configs: [:], seeds: [], data: [],
                model: "tiny", modelDigest: await model.baseDigest, versions: ["torch": "2"],
                device: "cpu", dtype: "float32", threads: 1, processor: "one",
                date: Date(timeIntervalSince1970: 0)),
            keepEvery: keepEvery)
    }

    func stream(edits: Int, marks: [Int] = [], seed: UInt64 = 1) -> EditStream {
        EditStream(
            data: .zsre, method: "elder:paper", settings: ["steps": "3"], edits: edits,
            marks: marks, probeEvery: 4, localityPerEdit: 1, unrelated: nil, order: .file,
            split: .promptOnly,
            seed: seed, tasks: nil)
    }

    /// Everything but what a clock and the memory say.
    private func timeless(_ row: MethodRow) -> MethodRow {
        var row = row
        (row.secondsPerEdit, row.cpuSecondsPerEdit, row.peakMemoryBytes) = (nil, nil, nil)
        (row.cpuSecondsByTenth, row.segments) = (nil, nil)
        return row
    }

    @Test func aMarkSeesWhatAStreamThatEndsThereSees() async throws {
        let lab = try await lab()
        let long = try await lab.measure(stream(edits: 8, marks: [4])) { _ in }
        let short = try await lab.measure(stream(edits: 4)) { _ in }
        #expect(long.record.rows.map(\.edits) == [4, 8])
        #expect(timeless(long.record.rows[0]) == timeless(short.record.row))
        #expect(long.record.row.segments?.map(\.first) == [0, 4])
        #expect(long.record.row.atEnd.movedRoutes != nil)
    }

    @Test func aSeedDecidesAndTheOrderOfStreamsDoesNot() async throws {
        let lab = try await lab()
        let first = try await lab.measure(stream(edits: 4)) { _ in }
        let other = try await lab.measure(stream(edits: 4, seed: 2)) { _ in }
        let again = try await lab.measure(stream(edits: 4)) { _ in }
        #expect(again.outcomes == first.outcomes && again.record.codes == first.record.codes)
        #expect(again.record.manifest == first.record.manifest)
        #expect(other.record.codes != first.record.codes)
        // Five edits and their rephrasings at most, and unrelated prompts.
        #expect(Set(first.record.codes.map(\.kind)).contains(.edit))
    }

    /// One edit has one order.
    @Test func inAShuffledOrderTheSeedDrawsTheOrderAlone() async throws {
        let lab = try await lab()
        var results: [StreamResult] = []
        for seed in [1, 2] as [UInt64] {
            var stream = stream(edits: 1, seed: seed)
            stream.order = .shuffled
            results.append(try await lab.measure(stream) { _ in })
        }
        #expect(results[0].outcomes == results[1].outcomes)
        #expect(results.map(\.record.manifest.seeds) == [[1, 1], [2, 1]])
    }

    @Test func whatWasMeasuredAlikeIsNotMeasuredAgain() async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        let (lab, folder) = (try await lab(), try LabFolder(url))
        let stream = stream(edits: 2)
        let manifest = try await lab.manifest(of: stream)
        #expect(folder.record(of: stream, like: manifest) == nil)
        let result = try await lab.measure(stream) { _ in }
        try folder.write(result, items: [])

        var elsewhere = manifest
        (elsewhere.processor, elsewhere.date) = ("another", "2026-01-01T00:00:00Z")
        #expect(folder.record(of: stream, like: elsewhere) == result.record)
        var (asking, other) = (stream, manifest)
        asking.tasks = 3
        other.dtype = "bfloat16"
        #expect(folder.record(of: asking, like: manifest) == nil)
        #expect(folder.record(of: stream, like: other) == nil)
        // A run that asks tasks besides does not hide it from a table that shows none.
        var wider = manifest
        wider.data += GeneralTask.allCases.map { Manifest.DataFile(name: $0.path, digest: "0") }
        #expect(folder.record(of: stream, like: wider) == result.record)
        #expect(folder.record(of: asking, like: wider) == nil)
        // One that reads another file of edits besides does.
        var mixed = manifest
        mixed.data.append(Manifest.DataFile(name: "counterfact.json", digest: "0"))
        #expect(folder.record(of: stream, like: mixed) == nil)
        let lines = try String(
            contentsOf: url.appending(path: "streams/\(stream.name)/edits.jsonl"), encoding: .utf8)
        #expect(lines.split(separator: "\n").count == result.outcomes.count)
    }

    @Test func aValueThatThePresetHasIsNoOtherMeasurement() async throws {
        let lab = try await lab()
        var stream = stream(edits: 2)
        stream.settings = ["rank": "8", "steps": "3"]
        #expect(try await lab.plain(stream).settings == ["steps": "3"])
        stream.settings["rank"] = "4"
        #expect(try await lab.plain(stream) == stream)
        (stream.method, stream.settings) = ("unedited", [:])
        #expect(try await lab.plain(stream) == stream)
    }

    /// A value by itself would be measured and never shown.
    @Test func everyKeyThatTheLifelongRecipeVariesHasThePresetsValueToo() async throws {
        let recipe = try Experiment(
            ExperimentTests.root.appending(path: "Configs/reproduce/lifelong.json"))
        let lab = try await lab()
        var plain: [String: [[String: String]]] = [:]
        for stream in try recipe.plan(on: data).streams where stream.method == "lifelong" {
            guard let key = stream.settings.keys.first else { continue }
            plain[key, default: []].append(try await lab.plain(stream).settings)
        }
        #expect(plain.count == recipe.streams.map(\.vary.count).max())
        for (key, settings) in plain { #expect(settings.contains([:]), "\(key)") }
    }

    private static let stoppable:
        [(String, [String: String], edits: Int, probeEvery: Int?, marks: [Int])] = [
            ("elder:paper", ["steps": "3"], 24, nil, []), ("lifelong", [:], 8, 4, []),
            ("lemoe:paper", ["editsPerExpert": "12", "epochs": "2"], 24, nil, [12]),
        ]

    @Test(arguments: stoppable)
    func aStreamThatWasStoppedEndsAsOneThatWasNot(
        method: String, settings: [String: String], edits: Int, probeEvery: Int?, marks: [Int]
    ) async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        let (lab, eager) = (try await lab(), try await lab(keepEvery: .zero))
        let folder = try LabFolder(url)
        var stream = stream(edits: edits, marks: marks)
        (stream.method, stream.settings, stream.probeEvery) = (method, settings, probeEvery)
        let manifest = try await lab.manifest(of: stream)
        let whole = try await lab.measure(stream) { _ in }

        // On the way only one that keeps at once has anything; before the asking all have it all.
        let stops = [
            (eager, Stop(at: .editing, after: edits - 3), 1..<edits - 3),
            (lab, Stop(at: .probing, after: edits), edits..<edits + 1),
        ]
        for (lab, stop, kept) in stops {
            await #expect(throws: CancellationError.self) {
                _ = try await lab.measure(stream, keepingIn: folder, onProgress: stop.check)
            }
            let stopped = try #require(folder.stopped(stream, like: manifest))
            #expect(kept.contains(stopped.halfway.learned))
        }
        let resumed = try await lab.measure(stream, keepingIn: folder) { progress in
            guard case .stream(let progress) = progress else { return }
            #expect(progress.stage != .editing, "nothing is learned twice")
        }
        #expect(resumed.outcomes == whole.outcomes && resumed.record.codes == whole.record.codes)
        #expect(resumed.record.rows.map(timeless) == whole.record.rows.map(timeless))
        try folder.write(resumed, items: [])
        let place = url.appending(path: "streams/\(stream.name)")
        let left = try FileManager.default.contentsOfDirectory(atPath: place.path)
        #expect(left.contains("stream.json") && !left.contains("stopped"))
    }

    /// Ends a run in a stage, once so many edits have been seen.
    private final class Stop: Sendable {
        let stage: Bench.Progress.Stage
        private let edits: Int
        private let seen = Mutex(0)

        init(at stage: Bench.Progress.Stage, after edits: Int) {
            (self.stage, self.edits) = (stage, edits)
        }

        func check(_ progress: Lab.Progress) throws {
            guard case .stream(let progress) = progress else { return }
            if progress.stage == .editing { seen.withLock { $0 = progress.done } }
            if progress.stage == stage, seen.withLock({ $0 >= edits }) { throw CancellationError() }
        }
    }

    @Test func costsAreToldBeforehand() async throws {
        let lab = try await lab()
        let costs = try await lab.costs(of: [stream(edits: 8), stream(edits: 100)])
        #expect(costs.map(\.edits) == [8, 100] && costs[0].steps == 6)
        #expect(costs[1].seconds > costs[0].seconds && costs[0].bytes > 1 << 20)
        // A prompt, three rephrasings, a neighbour and an unrelated prompt; the first four right
        // after the edit too.
        #expect(costs[0].prompts == 8 * 6 + 8 * 4)
    }

    @Test func everyPromptIsCounted() async throws {
        var stream = stream(edits: 8, marks: [4])
        (stream.method, stream.settings) = ("lemoe:paper", ["editsPerExpert": "4", "epochs": "1"])
        (stream.probeEvery, stream.unrelated) = (nil, 5)
        let costs = try await lab().costs(of: [stream])
        // At four edits and at eight, each with unrelated prompts and, once more, the four that an
        // edit covers, asked of its own expert.
        #expect(costs[0].prompts == 4 * (6 + 4) + 4 + 8 * (6 + 4) + 5)
        stream.method = "unedited"
        #expect(try await lab().costs(of: [stream])[0].prompts == 8 * 6 + 5)
    }

    @Test func whatCannotFitBesideWhatIsHeldIsNamed() throws {
        let costs = [30, 50, 40].map { megabytes in
            StreamCost(
                stream: "of \(megabytes)", edits: 1, prompts: 1, seconds: 1,
                bytes: megabytes << 20)
        }
        let plan = LabPlan(costs: costs, measured: 0)
        try plan.requireRoom(beyond: 20 << 20, free: 30 << 20)
        let error = try #require(throws: EvaluationError.self) {
            try plan.requireRoom(beyond: 20 << 20, free: 29 << 20)
        }
        #expect(error.message.contains("Expected of 50 to fit into memory"))
        #expect(error.message.contains("about 30 MB and 29 MB are free"))
    }
}
