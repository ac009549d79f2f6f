import Editing
import Edits
import Foundation
import TestSupport
import Testing

@testable import Errata

/// Many are answered at once as each would be alone.
@Suite(.serialized) struct ServingTests {
    private let world: World

    init() throws { world = try World() }

    @Test(arguments: UndoTests.editors)
    func rowsOfAllKindsGetWhatTheyWouldGetAlone(_ editor: Editor) async throws {
        let edits = try World.edits(12)
        let model = try await world.model(editor)
        try await model.learn(edits.chunks(of: 4))
        // Edited and deferred prompts of different lengths, side by side.
        let prompts = try World.prompts(20)
        let alone = try await model.answers(prompts, count: 12)
        let engine = ServingEngine(for: model.versions.current, options: .small(rows: 8))
        let together = try await engine.answers(prompts, model.versions.current, count: 12)
        #expect(together.map(\.text) == alone.map(\.text))
        #expect(together.map(\.trace) == alone.map(\.trace))
    }

    @Test func editsThatAreLearnedAndDeferredPromptsShareSteps() async throws {
        let edits = try World.edits(4)
        let model = try await world.model(.elder(.default))
        try await model.apply(edits)
        let prompts = try World.prompts(12)
        let alone = try await model.answers(prompts, count: 16)
        #expect(Set(alone.map(\.trace.decision)) == [.edited, .deferred])
        let engine = ServingEngine(for: model.versions.current, options: .small(rows: 12))
        let together = try await engine.answers(prompts, model.versions.current, count: 16)
        #expect(together.map(\.text) == alone.map(\.text))
        #expect(engine.load.steps < prompts.count * 15)
    }

    @Test func whatIsNotLearnedYetIsSaidAsItStandsInTheLog() async throws {
        let edits = try World.edits(2)
        let model = try await world.model(.elder(.default))
        try await model.apply(edits)
        try await model.undo([edits[0].id], settling: false)
        let version = model.versions.current
        let engine = ServingEngine(for: version, options: .small())
        let answer = try await engine.answers([edits[0].prompt], version, count: 8)[0]
        #expect(try await answer.text == model.answers([edits[0].prompt], count: 8)[0].text)
        #expect(answer.trace.decision == .deferred)
    }

    @Test func aRequestKeepsTheVersionItBeganWith() async throws {
        let edits = try World.edits(2)
        _ = try await world.model(.elder(.default))
        var options = World.options()
        options.keptVersions = 8
        let model = try EditableModel(opening: world.place("edited"), options: options)
        try await model.apply([edits[0]])
        let before = model.versions.current
        let engine = ServingEngine(for: before, options: .small())
        try await model.undo([edits[0].id])
        let after = model.versions.current
        #expect(after.number > before.number)
        let old = try await engine.answers([edits[0].prompt], before, count: 8)[0]
        let new = try await engine.answers([edits[0].prompt], after, count: 8)[0]
        #expect(old.text == " " + edits[0].target && old.trace.version == before.number)
        #expect(new.text != old.text && new.trace.version == after.number)
        #expect(model.versions.version(named: before.name)?.state == before.state)
        #expect(model.versions.version(named: "1000") == nil)
    }

    @Test func samplingDrawsAsAloneWhateverTheCompany() async throws {
        let model = try await world.model(World.hasty)
        let version = model.versions.current
        let engine = ServingEngine(for: version, options: .small(rows: 8))
        let prompts = try World.prompts(6)
        let options = AnswerOptions(maximumTokens: 12, temperature: 0.9, topP: 0.9, seed: 7)
        var alone: [String] = []
        for prompt in prompts {
            alone.append(try await model.answer([prompt], options: options)[0].text)
        }
        let together = try await engine.answers(prompts, version, count: 12) {
            ($0.temperature, $0.topP, $0.seed) = (0.9, 0.9, 7)
        }
        #expect(together.map(\.text) == alone)
    }

    @Test func aStopEndsTheTextWhereverItBegins() async throws {
        let model = try await world.model(World.hasty)
        let version = model.versions.current
        let engine = ServingEngine(for: version, options: .small())
        let prompt = try World.prompts(4)[2]
        let whole = try await engine.answers([prompt], version, count: 12)[0].text
        let middle = whole.index(whole.startIndex, offsetBy: whole.count / 2)
        let stop = String(whole[middle...].prefix(3))
        let cut = try await engine.answers([prompt], version, count: 12) { $0.stops = [stop] }[0]
        #expect(cut.text == String(whole.prefix(upTo: whole.range(of: stop)!.lowerBound)))
        #expect(cut.reason == .stop)
    }

    @Test func promptScoresAreWhatScoringTheirEndGives() async throws {
        let model = try await world.model(World.hasty)
        let version = model.versions.current
        let engine = ServingEngine(for: version, options: .small())
        let record = try World.edits(1)[0]
        var request = GenerationRequest(
            version.tokens(of: "\(record.prompt) \(record.target)"), version: version)
        (request.scoresPrompt, request.alternatives, request.maximumTokens) = (true, 1, 1)
        var scores: [TokenScore] = []
        for try await event in try engine.submit(request) {
            if case .began(_, let prompt) = event { scores = prompt }
        }
        #expect(scores.count == request.prompt.count && scores[0].logProbability == nil)
        let start = version.tokens(of: record.prompt).count
        let sum = scores[start...].reduce(0) { $0 + $1.logProbability! }
        // The end mark is scored there too, and here it is not asked.
        let probe = try await model.score([(record.prompt, record.target)], edited: false)[0]
        #expect(probe.logLikelihood < sum + 1e-3)
        #expect(
            scores[start...].allSatisfy { $0.logProbability! <= $0.alternatives[0].logProbability })
    }

    @Test func aFullQueueSaysSoAndALateRequestFails() async throws {
        let model = try await world.model(World.hasty)
        let version = model.versions.current
        var options = ServingEngine.Options.small(rows: 1)
        options.maximumQueue = 2
        let engine = ServingEngine(for: version, options: options)
        var long = GenerationRequest(version.tokens(of: "The"), version: version)
        long.maximumTokens = 100
        var streams: [AsyncThrowingStream<GenerationEvent, any Error>] = []
        let full = #expect(throws: EngineIsFull.self) {
            for _ in 0..<50 { streams.append(try engine.submit(long)) }
        }
        #expect((full?.retryAfter ?? 0) >= 1)
        streams = []
        var late = long
        late.deadline = .now - .seconds(1)
        let other = ServingEngine(for: version, options: options)
        await #expect(throws: TimeIsUp.self) {
            for try await _ in try other.submit(late) {}
        }
    }

    @Test func aStoppedEngineAnswersWhatItHasAndTakesNoMore() async throws {
        let model = try await world.model(World.hasty)
        let version = model.versions.current
        let engine = ServingEngine(for: version, options: .small())
        let stream = try engine.submit(
            GenerationRequest(version.tokens(of: "The"), version: version))
        await engine.stop()
        var hasEnded = false
        for try await event in stream { if case .ended = event { hasEnded = true } }
        #expect(hasEnded)
        #expect(throws: EngineHasStopped.self) {
            try engine.submit(GenerationRequest(version.tokens(of: "The"), version: version))
        }
    }

    @Test func aProposalChangesNothingUntilItIsApproved() async throws {
        let edits = try World.edits(2)
        let model = try await world.model(.elder(.default))
        var options = ApplyOptions()
        (options.author, options.idempotencyKey) = ("ada", "first")
        let id = try await model.propose([edits[0]], options: options)
        #expect(try await model.propose([edits[0]], options: options) == id)
        #expect(try await model.ask(edits[0].prompt).edit == nil)
        let other = try await model.propose([edits[1]])
        try await model.decline(other, author: "bob", reason: "no")
        await #expect(throws: EditError.self) { try await model.approve(other) }
        options.author = "bob"
        let report = try await model.approve(id, options: options)
        #expect(try await model.ask(edits[0].prompt).edit == edits[0].id)
        let ledger = try EditHistory(of: world.place("edited")).ledger
        #expect(ledger.proposals[id]?.decision == .approved(as: report.transaction!))
        #expect(ledger.proposals[other]?.decision == .declined(by: other + 1))
        #expect(ledger.proposals[id]?.author == "ada")
    }
}

extension World {
    /// Prompts of edits and of what lies beside them, in turns.
    static func prompts(_ count: Int) throws -> [String] {
        let data = try Data(contentsOf: directory.appending(path: "edits.jsonl"))
        let all = try EditRecord.decode(jsonLines: data)
        return all.prefix(count / 2).flatMap { [$0.prompt, $0.locality[0].prompt] }
    }
}

/// What an engine said to one prompt.
struct Said {
    var text = ""
    var trace = RouteTrace.unedited
    var reason: GenerationEvent.EndReason?
}

extension ServingEngine.Options {
    static func small(rows: Int = 4) -> ServingEngine.Options {
        var options = ServingEngine.Options()
        options.maximumRows = rows
        return options
    }
}

extension ServingEngine {
    /// Answers prompts that arrive one after another while those before them are answered.
    func answers(
        _ prompts: [String], _ version: ServedVersion, count: Int,
        _ change: @Sendable (inout GenerationRequest) -> Void = { _ in }
    ) async throws -> [Said] {
        try await withThrowingTaskGroup(of: (Int, Said).self) { group in
            for (place, prompt) in prompts.enumerated() {
                var request = GenerationRequest(version.tokens(of: prompt), version: version)
                request.maximumTokens = count
                change(&request)
                let stream = try submit(request)
                group.addTask {
                    var said = Said()
                    for try await event in stream {
                        switch event {
                        case .began(let trace, _): said.trace = trace
                        case .grew(_, let text, _): said.text += text
                        case .ended(_, let reason, _): said.reason = reason
                        }
                    }
                    return (place, said)
                }
                try await Task.sleep(for: .milliseconds(place % 4))
            }
            var all = [Said](repeating: Said(), count: prompts.count)
            for try await (place, said) in group { all[place] = said }
            return all
        }
    }
}

extension EditableModel {
    /// Answers each prompt alone.
    fileprivate func answers(_ prompts: [String], count: Int) throws -> [Answer] {
        try prompts.map { try answer([$0], options: AnswerOptions(maximumTokens: count))[0] }
    }
}
