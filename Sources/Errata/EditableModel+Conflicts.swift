import Editing
import Edits
import Foundation

extension EditableModel {
    /// Which of `edits` shall be learned and what each supersedes, as the policy has it.
    ///
    /// - Throws: `RejectedEdits` where the policy refuses a conflict.
    func admit(
        _ edits: [EditRecord], _ options: ApplyOptions
    ) throws -> (kept: [(record: EditRecord, supersedes: [Int])], conflicts: [Conflict]) {
        let policy = options.conflicts ?? journal.configuration.conflicts
        if policy == .keepBoth && !(options.gate ?? journal.configuration.gate).isOn {
            // It does not come to know these edits.
            search = nil
            return (edits.map { ($0, []) }, [])
        }
        var search = try search ?? conflictSearch()
        let first = journal.ledger.version + 1
        let numbered = edits.enumerated().map { (sequence: first + $0, record: $1) }
        search.insert(numbered)
        var kept: [(record: EditRecord, supersedes: [Int])] = []
        var places: [Int: Int] = [:]
        var superseded: Set<Int> = []
        var found: [Conflict] = []
        for (sequence, record) in numbered {
            let conflicts = try search.conflicts(
                of: sequence, now: .now,
                holds: { earlier in
                    !superseded.contains(earlier)
                        && (earlier < first ? holds(earlier) : places[earlier] != nil)
                }, resembles: resembles)
            found += conflicts
            guard let replaced = try judge(conflicts, policy) else { continue }
            superseded.formUnion(replaced)
            places[sequence] = kept.count
            // What an edit of this very transaction is called by now.
            let targets = replaced.map { $0 < first ? $0 : first + places[$0]! }
            kept.append((record, targets))
        }
        // Only what is accepted is known to the next search.
        self.search = nil
        if kept.count == edits.count { self.search = search }
        return (kept, found)
    }

    private func holds(_ sequence: Int) -> Bool {
        switch journal.ledger.standing(of: sequence) {
        case .live, .pending: true
        case .rejected, .undone, .superseded: false
        }
    }

    /// The events that an edit with these conflicts supersedes; nil for an edit to leave out.
    private func judge(_ conflicts: [Conflict], _ policy: ConflictPolicy) throws -> [Int]? {
        switch policy {
        case .reject:
            // That something begins to hold later is worth saying, and no reason to refuse it.
            guard let worst = conflicts.first(where: { $0.kind != .early }) else { return [] }
            throw RejectedEdits(
                description:
                    "The edits are not accepted: \(worst.description); leave one out, undo "
                    + "the other, or choose another way with --conflicts.",
                report: nil, conflicts: conflicts)
        case .supersede:
            if conflicts.contains(where: { $0.kind == .duplicate || $0.kind == .expired }) {
                return nil
            }
            return conflicts.filter { [.contradiction, .identifier].contains($0.kind) }
                .compactMap(\.earlier)
        case .keepBoth:
            return []
        }
    }

    /// Whether a prompt means what each of some earlier ones does, by words and meaning.
    func resembles(_ prompt: String, _ earlier: [String]) throws -> [Bool] {
        try earlier.map {
            var matcher = try known().emptied()
            try matcher.insert([$0])
            return try matcher.nearest(to: [prompt])[0].map { $0.distance < 1 } ?? false
        }
    }

    private func conflictSearch() throws -> ConflictSearch {
        var search = ConflictSearch(words: try known().words)
        search.insert(
            journal.ledger.entries.values.filter { holds($0.sequence) }
                .sorted { $0.sequence < $1.sequence }.map { ($0.sequence, $0.record) })
        return search
    }
}
