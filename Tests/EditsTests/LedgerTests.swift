import Foundation
import Testing

@testable import Edits

/// What a log says follows from its events alone.
struct LedgerTests {
    /// A log in the making: each call is the next event.
    private struct Story {
        var events: [LogEvent] = []

        @discardableResult mutating func tell(_ content: LogEvent.Content) -> Int {
            let event = LogEvent(
                sequence: events.count + 1, time: "", author: nil, reason: nil, content: content)
            events.append(event)
            return event.sequence
        }

        @discardableResult mutating func accept(
            _ id: String = "a", with transaction: Int? = nil, replacing earlier: [Int] = [],
            request: String? = nil
        ) throws -> Int {
            let record = try EditRecord(id: id, prompt: "p", target: "t")
            return tell(
                .edit(
                    LoggedEdit(
                        record: record, transaction: transaction ?? events.count + 1,
                        supersedes: earlier, idempotencyKey: request)))
        }

        @discardableResult mutating func publish(_ transaction: Int) -> Int {
            tell(
                .publish(
                    Publication(
                        transaction: transaction, state: "s", isForced: false, report: nil)))
        }

        @discardableResult mutating func reject(_ transaction: Int) -> Int {
            tell(.reject(Rejection(transaction: transaction, report: nil)))
        }

        @discardableResult mutating func undo(_ targets: Int...) -> Int {
            tell(.undo(Undo(targets: targets)))
        }

        /// A published edit.
        mutating func live(_ id: String = "a", replacing earlier: [Int] = []) throws -> Int {
            let edit = try accept(id, replacing: earlier)
            publish(edit)
            return edit
        }

        /// The ledger, which is one whether the events come one by one or all together.
        var ledger: Ledger {
            get throws {
                var ledger = Ledger()
                for event in events { try ledger.append(event) }
                #expect(try ledger == Ledger(events))
                return ledger
            }
        }
    }

    @Test func anEmptyLogHasNoVersions() throws {
        let ledger = Ledger()
        #expect(ledger.version == 0 && ledger.live.isEmpty && ledger.pending.isEmpty)
        for version in [0, 1] {
            #expect(throws: EditError.self) { try ledger.at(version: version) }
        }
        #expect(throws: EditError.self) { try ledger.event(named: "1") }
    }

    @Test func anEditIsPendingUntilItsTransactionIsPublished() throws {
        var story = Story()
        let first = try story.accept("a")
        let second = try story.accept("b", with: first)
        #expect(try story.ledger.pending == [[first, second]])
        #expect(try story.ledger.standing(of: second) == .pending)
        story.publish(first)
        #expect(try story.ledger.pending.isEmpty)
        #expect(try story.ledger.live == [[first, second]])
        #expect(try story.ledger.standing(of: second) == .live)
    }

    @Test func aRejectedTransactionNeverHolds() throws {
        var story = Story()
        let first = try story.accept("a")
        try story.accept("b", with: first)
        story.reject(first)
        let ledger = try story.ledger
        #expect(ledger.live.isEmpty && ledger.pending.isEmpty)
        #expect(ledger.standing(of: first) == .rejected)
        #expect(ledger.transaction(first)?.outcome == .rejected)
    }

    @Test func anUndoTakesBackOneEditOfATransaction() throws {
        var story = Story()
        let first = try story.accept("a")
        let second = try story.accept("b", with: first)
        story.publish(first)
        let undo = story.undo(first)
        #expect(try story.ledger.live == [[second]])
        #expect(try story.ledger.standing(of: first) == .undone(by: undo))
        #expect(try story.ledger.undoing(first) == undo)
    }

    @Test func undosOfUndosAlternate() throws {
        var story = Story()
        let edit = try story.live()
        var last = story.undo(edit)
        let first = last
        for isLive in [true, false, true, false] {
            last = story.undo(last)
            let ledger = try story.ledger
            #expect(ledger.live == (isLive ? [[edit]] : []))
            #expect(ledger.standing(of: edit) == (isLive ? .live : .undone(by: first)))
            #expect(ledger.undoing(last) == nil)
        }
    }

    @Test func anEditUndoneTwiceIsBackWhenBothUndosAre() throws {
        var story = Story()
        let edit = try story.live()
        let undos = [story.undo(edit), story.undo(edit)]
        #expect(try story.ledger.standing(of: edit) == .undone(by: undos[1]))
        story.undo(undos[1])
        #expect(try story.ledger.standing(of: edit) == .undone(by: undos[0]))
        story.undo(undos[0])
        #expect(try story.ledger.standing(of: edit) == .live)
    }

    @Test func aPendingEditCanBeTakenBack() throws {
        var story = Story()
        let edit = try story.accept()
        let undo = story.undo(edit)
        #expect(try story.ledger.pending.isEmpty)
        #expect(try story.ledger.standing(of: edit) == .undone(by: undo))
    }

    @Test func aSupersededEditComesBackWhenTheLaterOneIsUndone() throws {
        var story = Story()
        let old = try story.live("old")
        let new = try story.live("new", replacing: [old])
        #expect(try story.ledger.live == [[new]])
        #expect(try story.ledger.standing(of: old) == .superseded(by: new))
        let undo = story.undo(new)
        #expect(try story.ledger.live == [[old]])
        story.undo(undo)
        #expect(try story.ledger.live == [[new]])
    }

    @Test func whatARejectedEditSupersededHoldsAgain() throws {
        var story = Story()
        let old = try story.live("old")
        let new = try story.accept("new", replacing: [old])
        #expect(try story.ledger.standing(of: old) == .superseded(by: new))
        story.reject(new)
        #expect(try story.ledger.live == [[old]])
    }

    @Test func takingBackAnEditInBetweenDoesNotBringBackTheOneBefore() throws {
        var story = Story()
        let oldest = try story.live("oldest")
        let middle = try story.live("middle", replacing: [oldest])
        let newest = try story.live("newest", replacing: [middle])
        let undo = story.undo(middle)
        #expect(try story.ledger.live == [[newest]])
        #expect(try story.ledger.standing(of: oldest) == .superseded(by: newest))
        story.undo(newest)
        #expect(try story.ledger.live == [[oldest]])
        story.undo(undo)
        #expect(try story.ledger.live == [[middle]])
    }

    @Test func withoutWhatIsPendingTheEarlierEditHolds() throws {
        var story = Story()
        let oldest = try story.live("oldest")
        let old = try story.live("old", replacing: [oldest])
        let new = try story.accept("new", replacing: [old])
        let ledger = try story.ledger
        #expect(ledger.live.isEmpty && ledger.pending == [[new]])
        let without = ledger.withoutPending
        #expect(without.live == [[old]] && without.pending.isEmpty)
    }

    @Test func eventsTakenInTogetherSayWhatTheySayOneByOne() throws {
        var story = Story()
        let first = try story.live("a")
        let second = try story.live("b", replacing: [first])
        story.undo(second)
        var ledger = Ledger()
        try ledger.append(contentsOf: story.events.prefix(3))
        try ledger.append(contentsOf: story.events.dropFirst(3))
        let whole = try story.ledger
        #expect(ledger == whole)
    }

    @Test func anEarlierVersionIsTheLogUpToIt() throws {
        var story = Story()
        let first = try story.live("a")
        let second = try story.live("b", replacing: [first])
        story.undo(second)
        let ledger = try story.ledger
        #expect(try ledger.at(version: 2).live == [[first]])
        #expect(try ledger.at(version: 4).live == [[second]])
        #expect(try ledger.at(version: 5) == ledger)
        let error = #expect(throws: EditError.self) { try ledger.at(version: 6) }
        #expect(error?.message == "expected a version from 1 to 5, got 6; `errata log` lists them.")
    }

    @Test func aRequestIsKnownUntilItIsRejected() throws {
        var story = Story()
        let first = try story.accept(request: "r")
        #expect(try story.ledger.transaction(forRequest: "r")?.id == first)
        #expect(try story.ledger.transaction(forRequest: "s") == nil)
        story.reject(first)
        #expect(try story.ledger.transaction(forRequest: "r") == nil)
        let second = try story.accept(request: "r")
        story.publish(second)
        #expect(try story.ledger.transaction(forRequest: "r")?.id == second)
    }

    @Test func anEventIsNamedByNumberOrIdentifier() throws {
        var story = Story()
        let first = try story.live("tower")
        let note = story.tell(.note("words"))
        let ledger = try story.ledger
        #expect(try ledger.event(named: "tower").sequence == first)
        #expect(try ledger.event(named: "3").sequence == note)
        #expect(try ledger.event(named: "#3").sequence == note)
        for name in ["towr", "0", "4", "#", "-1"] {
            #expect(throws: EditError.self) { try ledger.event(named: name) }
        }
    }

    @Test func anIdentifierNamesTheEditThatHoldsOrElseTheLatest() throws {
        var story = Story()
        let first = try story.live("tower")
        let second = try story.live("tower")
        story.undo(second)
        #expect(try story.ledger.entry(identifiedBy: "tower")?.sequence == first)
        story.undo(first)
        #expect(try story.ledger.entry(identifiedBy: "tower")?.sequence == second)
        #expect(try story.ledger.entries(identifiedBy: "tower").map(\.sequence) == [first, second])
        #expect(try story.ledger.entry(identifiedBy: "bridge") == nil)
    }

    @Test func theLatestConfigurationHolds() throws {
        var story = Story()
        let numerics = LogConfiguration.Numerics(
            dtype: "f32", device: "cpu", threads: 1, engine: "libtorch")
        var configuration = LogConfiguration(
            baseDigest: "d", method: "elder", recipe: "{}", seed: 1, numerics: numerics)
        #expect(try story.ledger.configuration == nil)
        story.tell(.config(configuration))
        configuration.gate = .off
        story.tell(.config(configuration))
        #expect(try story.ledger.configuration == configuration)
        #expect(try story.ledger.at(version: 1).configuration?.gate.isOn == true)
    }

    @Test func eventsOutOfOrderAreRefused() throws {
        var story = Story()
        story.tell(.note("1"))
        story.tell(.note("2"))
        story.tell(.note("3"))
        #expect(throws: EditError.self) { try Ledger(story.events.reversed()) }
        #expect(throws: EditError.self) { try Ledger([story.events[0], story.events[2]]) }
        var ledger = try Ledger(story.events)
        let error = #expect(throws: EditError.self) { try ledger.append(story.events[2]) }
        #expect(error?.message == "expected event 4 of the log, got 3; restore a backup.")
        #expect(try ledger == Ledger(story.events))
    }

    @Test func aTransactionIsClosedOnce() throws {
        var story = Story()
        let edit = try story.live()
        var twice = story
        twice.reject(edit)
        #expect(throws: EditError.self) { try Ledger(twice.events) }
        var late = story
        try late.accept("b", with: edit)
        #expect(throws: EditError.self) { try Ledger(late.events) }
        var unknown = story
        try unknown.accept("b", with: 1000)
        #expect(throws: EditError.self) { try Ledger(unknown.events) }
    }

    @Test func anEventIsOneKeyInJSON() throws {
        var story = Story()
        story.undo(12)
        try story.accept(request: "r")
        for event in story.events {
            let json = try JSONEncoder().encode(event)
            #expect(try JSONDecoder().decode(LogEvent.self, from: json) == event)
        }
        let json = try JSONEncoder().encode(story.events[0].content)
        #expect(String(decoding: json, as: UTF8.self) == #"{"undo":{"targets":[12]}}"#)
        let two = Data(#"{"note": "x", "undo": {"targets": [1]}}"#.utf8)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(LogEvent.Content.self, from: two)
        }
    }
}
