import EditStorage
import Editing
import Edits
import Foundation
import Testing

@testable import Errata

/// Accepted, learned on the side, probed, and live whole or not at all.
@Suite(.serialized) struct TransactionTests {
    private let world: World

    init() throws { world = try World() }

    @Test func whatFailsItsProbesIsRejectedWholeAndNamed() async throws {
        let edits = try World.edits(3)
        let model = try await world.model(World.hasty)
        let before = try await model.digest
        let rejected = await #expect(throws: RejectedEdits.self) { try await model.apply(edits) }
        let check = try #require(rejected?.report?.checks.first)
        #expect(check.kind == .rewrite && check.passed < 3 && check.total == 3)
        #expect(check.failures.first?.expected == edits[0].target)
        #expect(rejected?.description.contains("“\(edits[0].prompt)”") == true)
        #expect(try await model.digest == before)
        let ledger = await model.ledger
        #expect(ledger.live.isEmpty && ledger.pending.isEmpty)
        #expect(await model.ledger.events.last?.kind == .reject)
        #expect(try await model.isUnchanged(edits.map(\.prompt)).allSatisfy(\.self))
    }

    @Test func whatIsForcedIsLiveAndTheLogSaysSo() async throws {
        let model = try await world.model(World.hasty)
        var options = ApplyOptions()
        (options.isForced, options.author, options.reason) = (true, "ada", "a test")
        try await model.apply(World.edits(2), options: options)
        let event = try #require(await model.ledger.events.last)
        guard case .publish(let publication) = event.content else {
            Issue.record("expected a publication, got \(event.kind)")
            return
        }
        #expect(publication.isForced && publication.report?.isPassed == false)
        #expect(event.author == "ada" && event.reason == "a test")
        #expect(await model.ledger.transactions.last?.terms == options.terms)
    }

    @Test func aRequestThatIsSentTwiceIsDoneOnce() async throws {
        let edits = try World.edits(2)
        let model = try await world.model(World.hasty)
        var options = ApplyOptions.unchecked
        options.idempotencyKey = "monday"
        let first = try await model.apply(edits, options: options)
        let version = await model.ledger.version
        let second = try await model.apply(edits, options: options)
        #expect(!first.isRepeated && second.isRepeated && second.transaction == first.transaction)
        #expect(await model.ledger.version == version)
        await #expect(throws: ErrataError.self) {
            try await model.apply(World.edits(1), options: options)
        }
    }

    @Test func aRequestOfWhichSomethingIsLeftOutIsKnownAgain() async throws {
        let edits = try World.edits(2)
        let model = try await world.model(World.hasty)
        try await model.learn([[edits[0]]])
        var options = ApplyOptions.unchecked
        (options.conflicts, options.idempotencyKey) = (.supersede, "tuesday")
        let first = try await model.apply(edits, options: options)
        #expect(first.edits == 1 && first.leftOut == 1)
        let second = try await model.apply(edits, options: options)
        #expect(second.isRepeated && second.leftOut == 1)
        #expect(second.transaction == first.transaction)
    }

    @Test func whatLandedUnderARequestIsNotProposedUnderItAgain() async throws {
        let edits = try World.edits(2)
        let model = try await world.model(World.hasty)
        var options = ApplyOptions.unchecked
        options.idempotencyKey = "monday"
        let landed = try await model.apply([edits[0]], options: options)
        for repeated in [[edits[0]], [edits[1]]] {
            await #expect(throws: ErrataError.self) {
                try await model.propose(repeated, options: options)
            }
        }
        #expect(
            try await model.repeated([edits[0]], options: options)?.transaction
                == landed.transaction)
        #expect(await model.ledger.proposals.isEmpty)
    }

    @Test func aProposalWhoseRequestLandedMeanwhileIsClosed() async throws {
        let edits = try World.edits(1)
        let model = try await world.model(World.hasty)
        var options = ApplyOptions.unchecked
        options.idempotencyKey = "monday"
        let proposal = try await model.propose(edits, options: options)
        let landed = try await model.apply(edits, options: options)
        let report = try await model.approve(proposal, options: .unchecked)
        #expect(report.isRepeated && report.transaction == landed.transaction)
        await #expect(throws: EditError.self) { try await model.approve(proposal) }
    }

    @Test func keysOfTheGateAreReplacedInWhatTheLastWriterLeft() async throws {
        var model: EditableModel? = try await world.model(World.hasty)
        let other = try EditableModel(opening: world.place("edited"), options: World.options())
        try await model!.configure(replacing: ["rewrite": "0.5"], conflicts: .reject)
        model = nil
        await #expect(throws: EditError.self) {
            try await other.configure(replacing: ["rewrote": "0.5"])
        }
        try await other.configure(replacing: ["rephrase": "0.25"])
        let configuration = try #require(await other.ledger.configuration)
        #expect(configuration.gate.rewrite == 0.5 && configuration.gate.rephrase == 0.25)
        #expect(configuration.conflicts == .reject)
    }

    @Test func aLogOfBeforeTheTokenizerWasKeptIsOpenedAndTakenOver() async throws {
        let fresh = try EditableModel(
            opening: World.directory, options: World.options(), editor: World.hasty)
        var configuration = try #require(await fresh.ledger.configuration)
        let key = try StateKey(configuration)
        #expect(configuration.tokenizerDigest != nil)
        configuration.tokenizerDigest = nil
        #expect(try StateKey(configuration) == key)
        try SavedModel(base: World.directory).adopt(world.place("old")) {
            _ = try EditLog(writing: $0)
                .append([.config(configuration)], author: nil, reason: nil)
        }
        let old = try EditableModel(opening: world.place("old"), options: World.options())
        #expect(await old.ledger.configuration == configuration)
        try await fresh.takeOver(world.place("old"))
        #expect(await fresh.ledger.configuration == configuration)
    }

    @Test func aNoteKeepsItsReason() async throws {
        let model = try await world.model(World.hasty)
        try await model.note("reviewed", author: "ada", reason: "october")
        let event = try #require(await model.ledger.events.last)
        #expect(event.author == "ada" && event.reason == "october")
    }

    @Test func aProposalOfWhatHoldsAlreadyIsClosed() async throws {
        let edits = try World.edits(1)
        let model = try await world.model(World.hasty)
        try await model.learn([edits])
        let proposal = try await model.propose(edits)
        var options = ApplyOptions.unchecked
        options.conflicts = .supersede
        let report = try await model.approve(proposal, options: options)
        #expect(report.transaction == nil && report.leftOut == 1)
        await #expect(throws: EditError.self) { try await model.approve(proposal) }
    }

    @Test func anAcceptedEditWaitsWhereTheGateSaysSo() async throws {
        let edits = try World.edits(1)
        let model = try await world.model(World.hasty)
        var gate = GateConfiguration()
        gate.answersAtOnce = false
        try await model.configure(gate: gate)
        try await model.acceptOnly(edits)
        let reader = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(await reader.ledger.pending.count == 1)
        let asked = try await reader.ask(edits[0].prompt)
        #expect(asked.after.text == asked.before.text && asked.edit == nil)
    }

    @Test func promptsOfNoTokensAndOfTooManyAreAskedBesideAPendingEdit() async throws {
        let edits = try World.edits(1)
        let model = try await world.model(World.hasty)
        try await model.acceptOnly(edits)
        let reader = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(try await reader.isSaid(edits[0].prompt))
        #expect(try await !reader.isSaid(""))
        let context = try await reader.summary.contextLength
        let long = String(repeating: "and so on ", count: context) + edits[0].prompt
        _ = try await reader.isSaid(long)
    }

    @Test func aLongTargetHasRoomInAProbe() async throws {
        let model = try EditableModel(opening: World.directory, options: World.options())
        let short = try EditRecord(id: "a", prompt: "P is", target: "Velden")
        let long = try EditRecord(
            id: "b", prompt: "P is", target: String(repeating: "and so on ", count: 20))
        #expect(await model.room(for: [short]) == 24)
        #expect(await model.room(for: [short, long]) > 60)
    }

    @Test func anAcceptedEditAnswersFromTheLogUntilItIsLearned() async throws {
        let edit = try World.edits(1)[0]
        let model = try await world.model(.elder(.default))
        let started = Signal()
        let directory = world.place("edited")
        // While the edit is being learned, another process asks.
        try await model.apply([edit]) { _ in
            if started.once() {
                let asked = try Self.ask(edit.prompt, in: directory)
                #expect(asked?.after.text == " " + edit.target)
                #expect(asked?.after.trace.tier == .retrieval && asked?.edit == edit.id)
            }
        }
        #expect(started.isSet)
        let after = try await model.ask(edit.prompt).after
        #expect(after.text == " " + edit.target && after.trace.tier == .adapters)
    }

    /// Asks in a thread of its own, since who calls does not wait for actors.
    private static func ask(_ prompt: String, in directory: URL) throws -> Comparison? {
        let reader = try EditableModel(opening: directory, options: World.options())
        let done = DispatchSemaphore(value: 0)
        let box = Box()
        Task {
            box.value = try? await reader.ask(prompt)
            done.signal()
        }
        done.wait()
        return box.value
    }

    private final class Box: @unchecked Sendable { var value: Comparison? }

    private final class Signal: @unchecked Sendable {
        private(set) var isSet = false
        func once() -> Bool {
            defer { isSet = true }
            return !isSet
        }
    }

    @Test func whatWasAcceptedBeforeACrashIsLearnedByTheNextWriter() async throws {
        let edits = try World.edits(2)
        var model: EditableModel? = try await world.model(.elder(.default))
        try await model!.apply([edits[0]])
        // As if the process had died between accepting and publishing.
        try await model!.acceptOnly([edits[1]])
        model = nil
        let next = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(await next.ledger.pending.count == 1)
        #expect(try await next.ask(edits[1].prompt).after.trace.tier == .retrieval)
        try await next.settle()
        #expect(await next.ledger.live.count == 2)
        #expect(try await next.ask(edits[1].prompt).after.trace.tier == .adapters)
    }

    @Test func aCrashDoesNotChangeTheTermsOfATransaction() async throws {
        let edits = try World.edits(3)
        var forced = ApplyOptions()
        forced.isForced = true
        let model = try await world.model(World.hasty)
        for (edit, options) in zip(edits, [forced, .unchecked, ApplyOptions()]) {
            try await model.acceptOnly([edit], options)
        }
        try await model.settle()
        let ledger = await model.ledger
        #expect(ledger.transactions.map(\.outcome) == [.published, .published, .rejected])
        let reports = ledger.events.compactMap { event -> Publication? in
            guard case .publish(let publication) = event.content else { return nil }
            return publication
        }
        #expect(reports.map(\.isForced) == [true, false])
        #expect(reports.map { $0.report == nil } == [false, true])
    }

    @Test func aSecondWriterIsToldWhoWritesAndReadersAreNot() async throws {
        let edits = try World.edits(2)
        let one = try await world.model(World.hasty)
        try await one.learn([[edits[0]]])
        let other = try EditableModel(opening: world.place("edited"), options: World.options())
        do {
            try await other.learn([[edits[1]]])
            Issue.record("expected the second writer to be refused")
        } catch {
            #expect("\(error)".contains("\(getpid())"), "\(error)")
        }
        #expect(await other.ledger.live.count == 1)
        try await one.learn([[edits[1]]])
        #expect(try await other.refresh())
        #expect(await other.ledger.live.count == 2)
        #expect(try await other.digest == one.digest)
    }

    @Test func aDamagedSnapshotIsNamedAndMadeAgainFromTheLog() async throws {
        var model: EditableModel? = try await world.model(World.hasty)
        try await model!.learn(World.edits(4).chunks(of: 2))
        let digest = try await model!.digest
        let file = try await model!.currentFile
        model = nil
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let opened = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(await opened.notices.first?.contains(file.lastPathComponent) == true)
        #expect(try await opened.digest == digest)
        #expect(try await opened.verify().faults.count == 1)
        #expect(try await opened.verify(mending: true).mended == 1)
        #expect(try await opened.verify(.full).faults == [])
    }

    @Test func verifyingBesideAWriterFindsNoFault() async throws {
        let edits = try World.edits(2)
        let writer = try await world.model(World.hasty)
        try await writer.learn([[edits[0]]])
        let reader = try EditableModel(opening: world.place("edited"), options: World.options())
        try await writer.learn([[edits[1]]])
        let report = try await reader.verify()
        #expect(report.faults == [] && report.replayed == 1)
        let version = await writer.ledger.version
        #expect(report.events == version)
    }

    @Test func aSnapshotOfSomethingElseIsMadeAgain() async throws {
        let model = try await world.model(World.hasty)
        try await model.learn(World.edits(2).map { [$0] })
        let digest = try await model.digest
        try await model.mistakeTheCurrentSnapshot()
        #expect(try await model.verify().faults.count == 1)
        #expect(try await model.verify(mending: true).mended == 1)
        #expect(try await model.verify(.full).faults == [])
        let opened = try EditableModel(opening: world.place("edited"), options: World.options())
        #expect(try await opened.digest == digest)
    }
}

extension EditableModel {
    /// Writes edits into the log and goes no further.
    func acceptOnly(_ edits: [EditRecord], _ options: ApplyOptions = ApplyOptions()) throws {
        try takeLock()
        let transaction = journal.ledger.version + 1
        try journal.append(
            edits.map {
                .edit(LoggedEdit(record: $0, transaction: transaction, terms: options.terms))
            })
    }

    /// Whether the retrieval tier has something to say to a prompt.
    func isSaid(_ prompt: String) throws -> Bool {
        try retrieval.sayings(for: [prompt])[0] != nil
    }

    /// The tokens of an answer that edits are probed with.
    func room(for edits: [EditRecord]) -> Int { edits.longestAnswer(base.tokenizer) }

    /// Lets the current snapshot hold what the first one does.
    func mistakeTheCurrentSnapshot() throws {
        let log = journal.log!
        let (first, current) = (try log.snapshots()[0], try log.currentSnapshot()!)
        try log.setCurrent(
            Snapshot(key: current.key, files: first.files, batches: current.batches))
    }

    /// The file of the current snapshot.
    var currentFile: URL {
        get throws { try journal.log!.file(of: journal.log!.currentSnapshot()!.files[0]) }
    }
}
