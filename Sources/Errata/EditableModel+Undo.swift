import EditStorage
import Edits
import Foundation

extension EditableModel {
    /// Takes back edits, transactions or earlier undos, in any order.
    ///
    /// When this returns without `settling`, the edits fire no more; the adapters still have
    /// learned them, and forget them with the next `settle`. Settled, the model is to the bit what
    /// it would be had it never had them.
    ///
    /// - Parameter names: identifiers of edits, or numbers of events: of an edit; of a publication,
    ///   for all it published; of an undo, to redo.
    /// - Throws: one sentence for a name that is unknown or holds nothing to take back.
    @discardableResult
    public func undo(
        _ names: [String], author: String? = nil, reason: String? = nil, settling: Bool = true,
        onProgress: @escaping @Sendable (SettleProgress) throws -> Void = { _ in }
    ) async throws -> UndoReport {
        try await lockToWrite()
        var targets: [Int] = []
        for name in names { targets += try journal.ledger.undoable(name) }
        let event = try journal.append(
            [.undo(Undo(targets: targets))], author: author, reason: reason)[0]
        search = nil
        try refreshRetrieval()
        var report = UndoReport(event: event.sequence, targets: targets)
        if settling { report.learned = try await settle(onProgress: onProgress) }
        return report
    }

    /// Takes the writer's lock, for which it waits as the options say; what is pending is not learned
    /// first, since it may be what is taken back.
    ///
    /// - Throws: one sentence that names who holds it.
    public func lockToWrite() async throws {
        if !journal.isWritable { try await exclusively { try takeLock() } }
    }

    /// Lets the adapters learn again what they must, so that they know just the edits that hold.
    ///
    /// - Returns: how many transactions were learned again.
    @discardableResult
    public func settle(
        onProgress: @escaping @Sendable (SettleProgress) throws -> Void = { _ in }
    ) async throws -> Int {
        try await exclusively {
            try await beginWriting()
            var learned = 0
            // What is taken back meanwhile is seen to in the next round.
            while adapters.batches != journal.ledger.live {
                learned += try await replay(journal.ledger.live, onProgress)
            }
            return learned
        }
    }

    private func replay(
        _ batches: [[Int]], _ onProgress: @escaping @Sendable (SettleProgress) throws -> Void
    ) async throws -> Int {
        let restoration = Handover(
            Restoration(journal, base: base, beginningWith: adapters))
        let log = journal.log
        let result = try await workshop.run(threads: journal.configuration.numerics.threads) {
            try restoration.value.replayed(batches, onProgress: onProgress) { adapters in
                // A replay that is cut off goes on from here.
                var adapters = adapters
                if let log { try log.note(adapters.snapshot(in: log)) }
            }
        }
        var replayed = result.value
        if let log { try log.setCurrent(replayed.adapters.snapshot(in: log)) }
        adapters = replayed.adapters
        try refreshRetrieval()
        return replayed.learned
    }
}

/// How far a replay has come.
public struct SettleProgress: Sendable {
    public let transactions: Int
    public let totalTransactions: Int
}

/// What an undo did.
public struct UndoReport: Codable, Sendable, Equatable {
    /// The event that did it, by which it can be undone itself.
    public let event: Int
    /// The events that were taken back.
    public let targets: [Int]
    /// Transactions that were learned again; absent where that was left for later.
    public var learned: Int?
}

extension Ledger {
    /// What an undo of `name` takes back: an undo, or edits that hold.
    ///
    /// - Throws: `EditError` for what is unknown, or holds nothing that could be taken back.
    func undoable(_ name: String) throws -> [Int] {
        let event = try event(named: name)
        switch event.content {
        case .undo:
            guard undoing(event.sequence) == nil else {
                throw EditError(
                    "the undo #\(event.sequence) is undone already, by #\(undoing(event.sequence)!); "
                        + "undo that one to take it back.")
            }
            return [event.sequence]
        case .edit: return [try requireHolding(event.sequence)]
        case .publish(let publication):
            let holding = transaction(publication.transaction)!.entries.filter(isHolding)
            guard !holding.isEmpty else {
                throw EditError(
                    "nothing of #\(event.sequence) holds any more; there is nothing to undo.")
            }
            return holding
        case .config, .reject, .note, .propose, .decline:
            throw EditError(
                "expected an edit, a publication or an undo to take back, got #\(event.sequence), a "
                    + "\(event.kind.rawValue); see `errata log`.")
        }
    }

    private func isHolding(_ sequence: Int) -> Bool {
        switch standing(of: sequence) {
        case .live, .pending, .superseded: true
        case .rejected, .undone: false
        }
    }

    private func requireHolding(_ sequence: Int) throws -> Int {
        if case .undone(let undo) = standing(of: sequence) {
            throw EditError(
                "#\(sequence) is undone already, by #\(undo); undo #\(undo) to bring it back.")
        }
        guard isHolding(sequence) else {
            throw EditError("#\(sequence) was rejected and never held; there is nothing to undo.")
        }
        return sequence
    }
}
