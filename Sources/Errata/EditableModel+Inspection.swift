import Crypto
import EditStorage
import Editing
public import Edits
import Foundation
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
        try await exclusively {
            try await beginWriting()
            var configuration = journal.configuration
            configuration.gate = gate ?? configuration.gate
            configuration.conflicts = conflicts ?? configuration.conflicts
            try journal.append([.config(configuration)], author: author, reason: reason)
            announce()
        }
    }

    /// Writes somebody's words into the log.
    public func note(_ text: String, author: String? = nil) async throws {
        try await exclusively {
            try await beginWriting()
            try journal.append([.note(text)], author: author)
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
    ///   - isMending: whether damaged snapshots are made again from the log.
    public func verify(
        _ depth: VerifyDepth = .newest, mending isMending: Bool = false
    ) async throws -> VerifyReport {
        try await exclusively {
            if isMending { try await beginWriting() }
            guard let log = journal.log else { return VerifyReport() }
            var report = VerifyReport()
            report.events = journal.ledger.version
            report.faults = try log.chainFaults()
            var damaged: [String] = []
            for snapshot in try log.snapshots() {
                report.snapshots += 1
                if let fault = try log.fault(of: snapshot) {
                    damaged.append(snapshot.key)
                    report.faults.append(fault)
                } else if snapshot.batches.joined().contains(where: {
                    journal.ledger.entries[$0] == nil
                }) {
                    report.faults.append(
                        "the snapshot \(snapshot.key.prefix(12))… has learned edits that the log "
                            + "does not have; restore a backup.")
                }
            }
            if depth != .quick, let current = try log.currentSnapshot(),
                !damaged.contains(current.key)
            {
                try await compare(current, in: log, depth: depth, report: &report)
            }
            if isMending, !damaged.isEmpty {
                try await mend(damaged, in: log, report: &report)
            }
            return report
        }
    }

    /// Learns the current state again and compares it with its snapshot, bit for bit.
    private func compare(
        _ current: Snapshot, in log: EditLog, depth: VerifyDepth, report: inout VerifyReport
    ) async throws {
        let restoration = Handover(Restoration(journal, base: base, beginningWith: adapters))
        let key = adapters.key
        let (stored, digest) = try await workshop.run(
            threads: journal.configuration.numerics.threads
        ) {
            let (journal, base) = (restoration.value.journal, restoration.value.base)
            let stored = try Adapters(
                current, in: journal.log!, configuration: journal.configuration, key: key,
                base: base
            ).method.state().digest()
            var adapters =
                try depth == .full
                ? Adapters(journal.configuration, base: base)
                : restoration.value.replayed(current.batches.dropLast()).adapters
            for batch in current.batches.dropFirst(adapters.batches.count) {
                _ = try adapters.learn(batch, journal.ledger.records(batch))
            }
            return (stored, try adapters.method.state().digest())
        }.value
        report.replayed = depth == .full ? current.batches.count : min(1, current.batches.count)
        if digest != stored {
            report.faults.append(
                "learning the log again gives \(digest.prefix(12))…, not the current snapshot "
                    + "\(stored.prefix(12))…; it was learned with "
                    + "\(journal.configuration.numerics.engine) on another processor or engine, "
                    + "or is not of this log; `errata settle` makes it again.")
        }
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
        report.mended = damaged.count
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
