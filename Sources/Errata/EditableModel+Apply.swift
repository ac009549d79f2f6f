import Crypto
import EditStorage
import Editing
public import Edits
import Foundation
import LanguageModels

extension EditableModel {
    /// Learns `edits` in their order, as one transaction: they are accepted into the log, learned
    /// beside the adapters that answer, probed, and go live together or not at all.
    ///
    /// - Parameter onProgress: called after each batch; an error thrown from it stops the learning.
    /// - Throws: the first edit's fault in one sentence, `RejectedEdits` with what the probes or
    ///   the log have against them, or what `onProgress` threw. The model is then what it was before.
    @discardableResult
    public func apply(
        _ edits: [EditRecord], options: ApplyOptions = ApplyOptions(),
        onProgress: @escaping @Sendable (EditProgress) throws -> Void = { _ in }
    ) async throws -> ApplyReport {
        guard !edits.isEmpty else {
            throw ErrataError("expected at least one edit, got none; give a prompt and a target.")
        }
        return try await exclusively {
            try await beginWriting()
            return try await land(edits, options: options, onProgress: onProgress)
        }
    }

    /// The same for the one who is writing.
    func land(
        _ edits: [EditRecord], options: ApplyOptions,
        onProgress: @escaping @Sendable (EditProgress) throws -> Void = { _ in }
    ) async throws -> ApplyReport {
        if let earlier = try repeated(edits, options: options) {
            if let proposal = options.proposal { try closeWithoutEdits(proposal, options) }
            return earlier
        }
        let digest = try options.idempotencyKey == nil ? nil : Self.digest(of: edits)
        let edits = options.teachesChat ? try edits.map(withChat) : edits
        try adapters.method.validate(edits)
        let (kept, conflicts) = try admit(edits, options)
        guard !kept.isEmpty else {
            if let proposal = options.proposal { try closeWithoutEdits(proposal, options) }
            return ApplyReport(leavingOut: edits.count, conflicts: conflicts)
        }
        let transaction = try accept(kept, of: digest, options)
        var report = try await learn(transaction, options, onProgress: onProgress)
        report.conflicts = conflicts
        report.leftOut += edits.count - kept.count
        return report
    }

    /// Nobody needs to decide any more about a proposal of which nothing is left to learn.
    private func closeWithoutEdits(_ proposal: Int, _ options: ApplyOptions) throws {
        try journal.append(
            [.decline(Decline(proposal: proposal))], author: options.author,
            reason: options.reason ?? "its edits hold already, or hold no more")
        announce()
    }

    /// The edit with its question as a chat, for a model that was taught to chat.
    private func withChat(_ edit: EditRecord) throws -> EditRecord {
        guard base.chat.isTemplate, edit.chatPrompt == nil else { return edit }
        var edit = edit
        edit.chatPrompt = try base.chat.prompt([ChatMessage(role: "user", content: edit.prompt)])
        return edit
    }

    /// Takes the writer's lock, and over what another process has learned since.
    func takeLock() throws {
        guard !journal.isWritable else { return }
        let isNew = try journal.beginWriting(waiting: options.waitSeconds)
        let current = try journal.log?.currentSnapshot()?.key
        if isNew || current ?? adapters.key.text != adapters.key.text { try catchUp() }
    }

    /// Takes the writer's lock, and finishes what another writer had no time for.
    func beginWriting() async throws {
        try takeLock()
        for transaction in journal.ledger.transactions where transaction.outcome == .pending {
            // All of it may have been taken back before it was learned.
            guard !journal.ledger.unlearned(of: transaction.id).isEmpty else { continue }
            do {
                _ = try await learn(transaction.id, ApplyOptions(transaction.terms)) { _ in }
            } catch let rejected as RejectedEdits {
                notices.append(rejected.description)
            }
        }
    }

    /// Takes over what another process has learned since.
    func catchUp() throws {
        let restored = try Restoration.latest(&journal, base: base)
        adapters = restored.adapters
        notices += restored.notices
        search = nil
        try refreshRetrieval()
    }

    /// What came of a request that was made before, as its key in `options` says; nil for a new one,
    /// and for one that is proposed or was refused.
    ///
    /// - Throws: `ErrataError` where it was made with other edits.
    public func repeated(
        _ edits: [EditRecord], options: ApplyOptions
    ) throws -> ApplyReport? {
        guard let key = options.idempotencyKey,
            let transaction = journal.ledger.transaction(forRequest: key)
        else { return nil }
        let earlier = journal.ledger.records(transaction.entries)
        // Logs of before Errata kept the digest have just the edits that were not left out.
        let digest = try transaction.requestDigest ?? Self.digest(of: earlier)
        guard try digest == Self.digest(of: edits) else {
            throw ErrataError(
                "the request `\(key)` was made before with other edits; give a new one a key of "
                    + "its own.")
        }
        var report = ApplyReport(of: earlier)
        report.edits = earlier.count
        report.leftOut = edits.count - earlier.count
        report.transaction = transaction.id
        report.isRepeated = true
        return report
    }

    /// What a request asks for, so that it is known again.
    private static func digest(of edits: [EditRecord]) throws -> String {
        let asked = try JSONEncoder().encode(edits.map { [$0.prompt, $0.target] })
        return SHA256.hash(data: asked).hexadecimal
    }

    /// Writes the edits into the log; from then on they are not lost.
    private func accept(
        _ edits: [(record: EditRecord, supersedes: [Int])], of digest: String?,
        _ options: ApplyOptions
    ) throws -> Int {
        let transaction = journal.ledger.version + 1
        let accepted = edits.enumerated().map { place, edit in
            LogEvent.Content.edit(
                LoggedEdit(
                    record: edit.record, transaction: transaction, supersedes: edit.supersedes,
                    idempotencyKey: options.idempotencyKey,
                    requestDigest: place == 0 ? digest : nil,
                    terms: place == 0 ? options.terms : nil, proposal: options.proposal))
        }
        do {
            try journal.append(accepted, author: options.author, reason: options.reason)
        } catch {
            // It counts on these edits.
            search = nil
            throw error
        }
        return transaction
    }

    /// Learns an accepted transaction, probes it, and publishes or rejects it.
    private func learn(
        _ transaction: Int, _ options: ApplyOptions,
        onProgress: @escaping @Sendable (EditProgress) throws -> Void
    ) async throws -> ApplyReport {
        let gate = options.gate ?? journal.configuration.gate
        do {
            if gate.answersAtOnce && gate.isOn { try refreshRetrieval() }
            let ledger = journal.ledger
            // Not what a later edit of it supersedes, nor what was taken back since.
            let batch = ledger.unlearned(of: transaction)
            let edits = ledger.records(batch)
            let before = Handover(adapters)
            let texts = gate.isOn ? try known().texts : []
            let earlier = gate.isOn ? ledger.records(Array(ledger.live.joined())) : []
            let (base, configuration) = (Handover(base), journal.configuration)
            let result = try await workshop.run(threads: configuration.numerics.threads) {
                var after = try before.value.copied(configuration, base: base.value)
                var report = try after.learn(batch, edits, onProgress: onProgress)
                if gate.isOn {
                    report.gate = try Probing(
                        edits, earlier: earlier, gate: gate, base: base.value, texts: texts,
                        before: before.value.method, after: after.method
                    ).report()
                }
                return (after, report)
            }
            var (after, report) = result.value
            report.transaction = transaction
            report.leftOut = ledger.transaction(transaction)!.entries.count - batch.count
            try publish(&after, transaction, report.gate, options)
            return report
        } catch {
            if journal.ledger.transaction(transaction)?.outcome == .pending {
                try reject(transaction, because: error, options)
            }
            throw error
        }
    }

    private func publish(
        _ after: inout Adapters, _ transaction: Int, _ report: GateReport?, _ options: ApplyOptions
    ) throws {
        if let complaint = report?.complaint, !options.isForced {
            throw RejectedEdits(
                description: "The edits are not live: \(complaint); mend or leave them out, or "
                    + "publish them as they are with --force.",
                report: report, conflicts: [])
        }
        let snapshot = try journal.log.map { try after.snapshot(in: $0) }
        let publication = Publication(
            transaction: transaction, state: after.key.text,
            isForced: options.isForced && report?.isPassed == false, report: report)
        try journal.append(
            [.publish(publication)], author: options.author, reason: options.reason,
            snapshot: snapshot)
        adapters = after
        try refreshRetrieval()
        do {
            try thinOut()
        } catch {
            // The edits are live all the same.
            notices.append(
                "snapshots that nothing needs could not be removed (\(error)); `errata compact` "
                    + "removes them.")
        }
    }

    private func reject(
        _ transaction: Int, because error: any Error, _ options: ApplyOptions
    ) throws {
        let rejected = error as? RejectedEdits
        do {
            try journal.append(
                [.reject(Rejection(transaction: transaction, report: rejected?.report))],
                author: options.author, reason: rejected?.description ?? "\(error)")
        } catch {
            throw ErrataError(
                "expected to write into the log what became of the edits, but it cannot be written; "
                    + "they are still pending as #\(transaction): make room on the disk, then "
                    + "`errata settle` learns them and `errata undo` takes them back.")
        }
        search = nil
        try refreshRetrieval()
    }

    /// Lets go of snapshots that lie closer to each other than an undo needs.
    private func thinOut() throws {
        guard let log = journal.log else { return }
        let (chain, count) = (adapters.batches, adapters.batches.count)
        let unneeded = try log.transactionCounts().filter { key, length in
            guard length > 0, !Spacing.isKept(length, of: count) else { return false }
            return try log.snapshot(forKey: key).map { chain.starts(with: $0.batches) } ?? false
        }
        try log.remove(Array(unneeded.keys))
    }
}

extension EditableModel {
    /// What finds rephrasings and knows texts of the model's own.
    func known() throws -> PromptMatcher {
        if let matcher { return matcher }
        let made = try Self.matcher(journal, base: base)
        matcher = made
        return made
    }

    /// Lets the retrieval tier answer where log and adapters differ now.
    func refreshRetrieval() throws {
        (matcher, retrieval) = try Self.retrieval(
            journal, adapters, matcher, base: base, after: retrieval)
        announce()
    }

    /// From now on questions are answered with what there is now; those being answered are not
    /// touched by it.
    func announce() {
        versions.announce(
            ServedVersion(
                number: journal.ledger.version, adapters, retrieval: retrieval, base: base))
    }

    /// - Parameter previous: what answered until now.
    static func retrieval(
        _ journal: Journal, _ adapters: Adapters, _ matcher: PromptMatcher?, base: BaseModel,
        after previous: RetrievalTier = RetrievalTier()
    ) throws -> (PromptMatcher?, RetrievalTier) {
        var ledger = journal.ledger
        if !ledger.pending.isEmpty, !journal.configuration.gate.answersAtOnce {
            ledger = ledger.withoutPending
        }
        guard !ledger.pending.isEmpty || Set(ledger.live.joined()) != Set(adapters.batches.joined())
        else { return (matcher, RetrievalTier()) }
        let matcher = try matcher ?? Self.matcher(journal, base: base)
        let tier = try RetrievalTier(
            ledger, adapters: adapters.batches, matcher: matcher, after: previous)
        return (matcher, tier)
    }

    /// Calibrated once for a log, and kept beside its snapshots.
    private static func matcher(_ journal: Journal, base: BaseModel) throws -> PromptMatcher {
        let key = "matcher of \(journal.configuration.baseDigest)"
        if let log = journal.log, let kept = try log.snapshot(forKey: key),
            try log.fault(of: kept) == nil
        {
            return try PromptMatcher(
                restoring: MethodState(contentsOf: log.file(of: kept.files[0])), model: base.model,
                tokenizer: base.tokenizer)
        }
        let made = try PromptMatcher(
            model: base.model, tokenizer: base.tokenizer, seed: journal.configuration.seed)
        if journal.isWritable, let log = journal.log {
            let state = try made.state()
            let file = try log.writeSnapshotFile { try state.write(to: $0) }
            try log.note(Snapshot(key: key, files: [file], batches: []))
        }
        return made
    }
}

extension Ledger {
    /// The edits of a transaction that are still to be learned.
    fileprivate func unlearned(of transaction: Int) -> [Int] {
        self.transaction(transaction)!.entries.filter { standing(of: $0) == .pending }
    }
}
