import EditStorage
import Editing
import Edits
import Foundation

/// Makes adapters again from the log and its snapshots.
struct Restoration {
    let journal: Journal
    let base: BaseModel
    /// Adapters at hand, which may have learned the beginning already.
    let present: Adapters?

    init(_ journal: Journal, base: BaseModel, beginningWith present: Adapters? = nil) {
        self.journal = journal
        self.base = base
        self.present = present
    }

    /// Adapters that know what they knew when they were last written; where the log has gone on, the
    /// retrieval tier answers for the difference.
    ///
    /// - Parameter journal: is brought up to date.
    static func latest(
        _ journal: inout Journal, base: BaseModel
    ) throws -> (adapters: Adapters, notices: [String]) {
        while true {
            let current = try journal.log?.currentSnapshot()
            // Events are read after the snapshot, so that all it has learned is known.
            try journal.refresh()
            do {
                return try Restoration(journal, base: base).adapters(of: current)
            } catch {
                // A writer may have let go of the file meanwhile: then there is a newer one.
                guard try journal.log?.currentSnapshot() != current else { throw error }
            }
        }
    }

    private func adapters(
        of current: Snapshot?
    ) throws -> (adapters: Adapters, notices: [String]) {
        guard let current, let log = journal.log else {
            // A copy of an earlier version has none: it is learned from what snapshots it has.
            return (try replayed(journal.ledger.live).adapters, [])
        }
        if let fault = try log.fault(of: current) {
            guard try log.currentSnapshot() == current else { throw ErrataError(fault) }
            let notice = "\(fault) Until then it is learned again at each start."
            return (try replayed(current.batches).adapters, [notice])
        }
        return (try restored(current), [])
    }

    /// Adapters that have learned `batches`, from the nearest snapshot on.
    ///
    /// - Parameter keep: given adapters on the way whose snapshot an undo may need.
    func replayed(
        _ batches: [[Int]], onProgress: (SettleProgress) throws -> Void = { _ in },
        keep: (Adapters) throws -> Void = { _ in }
    ) throws -> (adapters: Adapters, learned: Int) {
        let keys = try journal.ledger.keys(along: batches)
        if let rearranged = try rearranged(batches, key: keys.last!, onProgress: onProgress) {
            return rearranged
        }
        var adapters = try nearest(batches, keys: keys)
        let start = adapters.batches.count
        for (place, batch) in batches.enumerated().dropFirst(start) {
            try onProgress(
                SettleProgress(
                    transactions: place - start, totalTransactions: batches.count - start))
            _ = try adapters.learn(batch, journal.ledger.records(batch))
            if place + 1 < batches.count, Spacing.isKept(place + 1, of: batches.count) {
                try keep(adapters)
            }
        }
        return (adapters, batches.count - start)
    }

    /// Where edits stand alone, the adapters at hand without those that hold no more and with those
    /// that hold again; nil elsewhere.
    private func rearranged(
        _ batches: [[Int]], key: StateKey, onProgress: (SettleProgress) throws -> Void
    ) throws -> (adapters: Adapters, learned: Int)? {
        guard let present, var method = present.method as? any StandaloneEdits else { return nil }
        // The transaction of each edit.
        let places = batches.enumerated().flatMap { place, batch in batch.map { _ in place } }
        let learned = try method.hold(batches.flatMap(journal.ledger.records)) {
            try onProgress(
                SettleProgress(
                    transactions: places[$0.edits - 1], totalTransactions: batches.count))
        }
        return (
            present.holding(batches, method: method, key: key),
            Set(learned.map { places[$0] }).count
        )
    }

    /// A copy of adapters that have learned as much of the beginning of `batches` as any.
    private func nearest(_ batches: [[Int]], keys: [StateKey]) throws -> Adapters {
        for (count, key) in keys.enumerated().reversed() {
            guard var found = try adapters(under: key, isEmpty: count == 0) else { continue }
            // One key is one content: the same edits may have been accepted by other events before.
            found.batches = Array(batches.prefix(count))
            return found
        }
        return try Adapters(journal.configuration, base: base)
    }

    /// A copy of the adapters at hand, or those of a snapshot, that have learned what `key` names.
    private func adapters(under key: StateKey, isEmpty: Bool) throws -> Adapters? {
        if let present, present.key == key {
            return try present.copied(journal.configuration, base: base)
        }
        guard !isEmpty, let log = journal.log, let snapshot = try log.snapshot(forKey: key.text),
            try log.fault(of: snapshot) == nil
        else { return nil }
        return try restored(snapshot, key: key)
    }

    /// What lies in a snapshot, and the same edits learned again: the newest, or all of them.
    func learnedAgain(
        _ snapshot: Snapshot, _ depth: VerifyDepth,
        _ onProgress: (SettleProgress) throws -> Void
    ) throws -> (stored: Adapters, again: Adapters) {
        let stored = try restored(snapshot)
        let batches = snapshot.batches
        var again =
            try depth == .full
            ? Adapters(journal.configuration, base: base)
            : replayed(batches.dropLast(), onProgress: onProgress).adapters
        let start = again.batches.count
        for (place, batch) in batches.enumerated().dropFirst(start) {
            try onProgress(
                SettleProgress(
                    transactions: place - start, totalTransactions: batches.count - start))
            _ = try again.learn(batch, journal.ledger.records(batch))
        }
        return (stored, again)
    }

    /// What lies in a snapshot, all of whose edits the log has.
    private func restored(_ snapshot: Snapshot) throws -> Adapters {
        try restored(snapshot, key: journal.ledger.keys(along: snapshot.batches).last!)
    }

    private func restored(_ snapshot: Snapshot, key: StateKey) throws -> Adapters {
        try Adapters(
            snapshot, in: journal.log!, configuration: journal.configuration, key: key, base: base)
    }
}
