import Edits
import Foundation
import Hummingbird
import HummingbirdCore

/// Which edits GET /v1/edits lists, the newest first.
struct EditFilter {
    private let query: String?
    private let author: String?
    private let tag: String?
    private let state: String?
    private let paging: Paging

    private static let states = [
        "live", "pending", "rejected", "undone", "superseded", "proposed", "approved", "declined",
    ]

    /// - Throws: `APIError` for a value that cannot be.
    init(_ values: Parameters) throws {
        func text(_ key: String) -> String? { values.get(key).flatMap { $0.isEmpty ? nil : $0 } }
        query = text("query")
        author = text("author")
        tag = text("tag")
        state = text("state")
        paging = try Paging(values)
        if let state, !Self.states.contains(state) {
            throw APIError.wrong(
                "state",
                "expected `state` to be one of \(Self.states.joined(separator: ", ")), got another."
            )
        }
    }

    /// Whether proposals are asked for, not edits.
    var wantsProposals: Bool {
        state.map { ["proposed", "approved", "declined"].contains($0) } ?? false
    }

    func edits(in ledger: Ledger, tenant: String?) -> (page: [EditBody], hasMore: Bool) {
        let found = paging.sorted(ledger.entries.keys).lazy
            .map { ledger.entries[$0]! }
            .filter { isAbout($0.record) }
            .map { EditBody($0, in: ledger, tenant: tenant) }
            .filter { isBy($0.author) && (state == nil || $0.state == state) }
        return paging.page(of: found)
    }

    func proposals(in ledger: Ledger) -> (page: [ProposedEdits], hasMore: Bool) {
        let found = paging.sorted(ledger.proposals.keys).lazy
            .map { ledger.proposals[$0]! }
            .filter { $0.records.contains(where: isAbout) && isBy($0.author) }
            .filter { $0.state == state }
        return paging.page(of: found)
    }

    private func isBy(_ author: String?) -> Bool { self.author.map { $0 == author } ?? true }

    private func isAbout(_ record: EditRecord) -> Bool {
        if let tag, !record.tags.contains(tag) { return false }
        guard let query else { return true }
        return ([record.id, record.prompt, record.target] + record.rephrases).contains {
            $0.localizedCaseInsensitiveContains(query)
        }
    }
}

extension Ledger {
    /// Every event that has to do with an edit, oldest first.
    func story(of entry: Entry) -> [LogEvent] {
        var related: Set<Int> = [entry.sequence]
        var story: [LogEvent] = []
        for event in events {
            let isRelated =
                switch event.content {
                case .edit(let edit):
                    event.sequence == entry.sequence || edit.supersedes.contains(entry.sequence)
                case .publish(let publication): publication.transaction == entry.transaction
                case .reject(let rejection): rejection.transaction == entry.transaction
                case .undo(let undo): undo.targets.contains(where: related.contains)
                case .propose: event.sequence == proposal(of: entry)
                case .decline, .config, .note: false
                }
            guard isRelated else { continue }
            // What undoes an undo belongs to the story too.
            if case .undo = event.content { related.insert(event.sequence) }
            story.append(event)
        }
        return story
    }

    private func proposal(of entry: Entry) -> Int? {
        guard case .edit(let edit) = events[entry.sequence - 1].content else { return nil }
        return edit.proposal
    }
}
