import Crypto
import EditStorage
import Editing
public import Edits
public import Foundation
import Torch

extension EditableModel {
    /// What the log says, as far as this model has read it.
    public var ledger: Ledger { journal.ledger }

    /// Takes in what another process has written to the log since.
    ///
    /// - Returns: whether there was anything new.
    @discardableResult
    public func refresh() throws -> Bool {
        guard try journal.refresh() else { return false }
        try catchUp()
        return true
    }

    /// Changes what edits must pass, or what happens to contradictions, from now on.
    public func configure(
        gate: GateConfiguration? = nil, conflicts: ConflictPolicy? = nil, author: String? = nil,
        reason: String? = nil
    ) async throws {
        try gate?.validate()
        try await configure(author: author, reason: reason) {
            $0.gate = gate ?? $0.gate
            $0.conflicts = conflicts ?? $0.conflicts
        }
    }

    /// Changes single keys of the gate, given as text, and leaves the others as whoever wrote last
    /// has them.
    ///
    /// - Throws: `EditError` that names the key: unknown, of the wrong kind, or out of range.
    public func configure(
        replacing values: [String: String], conflicts: ConflictPolicy? = nil,
        author: String? = nil, reason: String? = nil
    ) async throws {
        try await configure(author: author, reason: reason) {
            $0.gate = try $0.gate.replacing(values)
            $0.conflicts = conflicts ?? $0.conflicts
        }
    }

    private func configure(
        author: String?, reason: String?, _ change: (inout LogConfiguration) throws -> Void
    ) async throws {
        try await exclusively {
            try await beginWriting()
            var configuration = journal.configuration
            try change(&configuration)
            try journal.append([.config(configuration)], author: author, reason: reason)
            announce()
        }
    }

    /// Writes somebody's words into the log.
    public func note(
        _ text: String, author: String? = nil, reason: String? = nil
    ) async throws {
        try await exclusively {
            try await beginWriting()
            try journal.append([.note(text)], author: author, reason: reason)
            announce()
        }
    }

    /// Frees what nothing needs: files a crash left, snapshots of states that were given up, pages
    /// of the log. Others may read meanwhile.
    ///
    /// - Returns: the bytes that became free.
    public func compact() async throws -> Int {
        try await exclusively {
            try await beginWriting()
            guard let log = journal.log else { return 0 }
            let live = journal.ledger.live
            let current = try log.currentSnapshot()?.key
            let given = try log.snapshots().filter {
                !live.starts(with: $0.batches) && $0.key != current
            }
            return try log.remove(given.map(\.key)) + log.compact()
        }
    }

    /// Checks that log, snapshots and base model are what they were, and belong together.
    ///
    /// - Parameters:
    ///   - depth: how much is learned again to compare.
    ///   - isMending: whether snapshots that are damaged, or are not what learning again gives, are
    ///     made again from the log.
    ///   - onProgress: hears how much was learned again; an error thrown from it stops.
    public func verify(
        _ depth: VerifyDepth = .newest, mending isMending: Bool = false,
        onProgress: @escaping @Sendable (SettleProgress) throws -> Void = { _ in }
    ) async throws -> VerifyReport {
        try await exclusively {
            if isMending { try await beginWriting() }
            guard let log = journal.log else { return VerifyReport() }
            var report = VerifyReport()
            report.faults = try log.chainFaults()
            let (snapshots, current) = (try log.snapshots(), try log.currentSnapshot())
            // Events are read after the snapshots, so that all these have learned is known. What
            // cannot be read is among the faults already.
            var read = journal
            _ = try? read.refresh()
            report.events = read.ledger.version
            let damaged = try check(snapshots, in: log, by: read.ledger, report: &report)
            var another: Adapters?
            if depth != .quick, let current, !damaged.contains(current.key),
                read.ledger.knows(current)
            {
                another = try await difference(
                    from: current, read, depth, onProgress, report: &report)
            }
            if isMending, !damaged.isEmpty {
                try await mend(damaged, in: log, report: &report)
            }
            if isMending, let another { try replace(with: another, in: log, report: &report) }
            return report
        }
    }

    /// The keys of snapshots that are not what was written.
    private func check(
        _ snapshots: [Snapshot], in log: EditLog, by ledger: Ledger, report: inout VerifyReport
    ) throws -> [String] {
        report.snapshots = snapshots.count
        var damaged: [String] = []
        for snapshot in snapshots {
            if let fault = try log.fault(of: snapshot) {
                // A writer may have let go of it meanwhile.
                guard try log.snapshot(forKey: snapshot.key) == snapshot else { continue }
                damaged.append(snapshot.key)
                report.faults.append(fault)
            } else if !ledger.knows(snapshot) {
                report.faults.append(
                    "the snapshot \(snapshot.key.prefix(12))… has learned edits that the log does "
                        + "not have; restore a backup.")
            }
        }
        return damaged
    }

    /// Learns the current state again and compares it with its snapshot, bit for bit.
    ///
    /// - Returns: what was learned, where it is another.
    private func difference(
        from current: Snapshot, _ read: Journal, _ depth: VerifyDepth,
        _ onProgress: @escaping @Sendable (SettleProgress) throws -> Void,
        report: inout VerifyReport
    ) async throws -> Adapters? {
        let restoration = Handover(Restoration(read, base: base, beginningWith: adapters))
        let made: (stored: Adapters, again: Adapters)
        do {
            made = try await workshop.run(threads: read.configuration.numerics.threads) {
                try restoration.value.learnedAgain(current, depth, onProgress)
            }.value
        } catch {
            // A writer may have gone on meanwhile, and let go of the file: then there is none.
            guard try read.log?.currentSnapshot() != current else { throw error }
            return nil
        }
        report.replayed = depth == .full ? current.batches.count : min(1, current.batches.count)
        let (expected, digest) = (
            try made.stored.method.state().digest(), try made.again.method.state().digest()
        )
        guard digest != expected else { return nil }
        report.faults.append(
            "learning the log again gives \(digest.prefix(12))…, not the current snapshot "
                + "\(expected.prefix(12))…; it was learned with "
                + "\(read.configuration.numerics.engine) on another processor or engine, or is not "
                + "of this log; the same with --mend puts what was learned now in its place.")
        return made.again
    }

    /// From now on what was learned again is what answers.
    private func replace(
        with another: Adapters, in log: EditLog, report: inout VerifyReport
    ) throws {
        var another = another
        try log.setCurrent(another.snapshot(in: log))
        adapters = another
        report.mended += 1
        try refreshRetrieval()
    }

    private func mend(
        _ damaged: [String], in log: EditLog, report: inout VerifyReport
    ) async throws {
        let current = try log.currentSnapshot()
        if let current, damaged.contains(current.key) {
            let restoration = Handover(Restoration(journal, base: base))
            var made = try await workshop.run(
                threads: journal.configuration.numerics.threads
            ) { try restoration.value.replayed(current.batches).adapters }.value
            try log.setCurrent(made.snapshot(in: log))
        }
        try log.remove(damaged.filter { $0 != current?.key })
        report.mended += damaged.count
    }
}

/// How much a verification learns again.
public enum VerifyDepth: String, Codable, Sendable, CaseIterable {
    /// Nothing: chain and digests only.
    case quick
    /// The newest transaction, after the others as they are.
    case newest
    /// The whole log, from the base model on.
    case full
}

/// What a verification found.
public struct VerifyReport: Codable, Sendable, Equatable {
    public var events = 0
    public var snapshots = 0
    /// Transactions that were learned again and compared.
    public var replayed = 0
    /// One sentence each; empty where all is well.
    public var faults: [String] = []
    /// Snapshots that were made again or let go of.
    public var mended = 0
}

extension VerifyReport {
    /// What is wrong with the log in `directory` by itself: it may be too damaged for its model to be
    /// opened.
    public init(ofLogIn directory: URL) throws {
        self.init()
        do {
            faults = try EditLog(reading: directory).chainFaults()
        } catch let error as EditStorageError {
            faults = [error.message]
        }
    }
}

extension Ledger {
    /// Whether the log has all that a snapshot has learned.
    fileprivate func knows(_ snapshot: Snapshot) -> Bool {
        snapshot.batches.joined().allSatisfy { entries[$0] != nil }
    }
}

extension MethodState {
    /// SHA-256 of what `write(to:)` would write.
    func digest() throws -> String {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "errata-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        try write(to: file)
        return try SHA256.hash(data: Data(contentsOf: file, options: .mappedIfSafe)).hexadecimal
    }
}
