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
    private let limit: Int
    /// Only events before this one.
    private let after: Int

    private static let states = [
        "live", "pending", "rejected", "undone", "superseded", "proposed", "approved", "declined",
    ]

    /// - Throws: `APIError` for a value that cannot be.
    init(_ values: Parameters) throws {
        func text(_ key: String) -> String? { values.get(key).flatMap { $0.isEmpty ? nil : $0 } }
        func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
            guard let text = values.get(key) else { return nil }
            guard let number = Int(text), range.contains(number) else {
                throw APIError.wrong(
                    key,
                    "expected `\(key)` from \(range.lowerBound) to \(range.upperBound), got another."
                )
            }
            return number
        }
        query = text("query")
        author = text("author")
        tag = text("tag")
        state = text("state")
        limit = try number("limit", 1...1000) ?? 50
        after = try number("after", 1...Int(Int32.max)) ?? .max
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
        let found = ledger.entries.keys.filter { $0 < after }.sorted(by: >).lazy
            .map { ledger.entries[$0]! }
            .filter { isAbout($0.record) }
            .map { EditBody($0, in: ledger, tenant: tenant) }
            .filter { isBy($0.author) && (state == nil || $0.state == state) }
        return page(of: found)
    }

    func proposals(in ledger: Ledger) -> (page: [ProposedEdits], hasMore: Bool) {
        let found = ledger.proposals.values.filter { $0.id < after }.sorted { $0.id > $1.id }.lazy
            .filter { $0.records.contains(where: isAbout) && isBy($0.author) }
            .filter {
                switch $0.decision {
                case .open: state == "proposed"
                case .approved: state == "approved"
                case .declined: state == "declined"
                }
            }
        return page(of: found)
    }

    private func page<Item>(of found: some Sequence<Item>) -> (page: [Item], hasMore: Bool) {
        let first = Array(found.prefix(limit + 1))
        return (Array(first.prefix(limit)), first.count > limit)
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
