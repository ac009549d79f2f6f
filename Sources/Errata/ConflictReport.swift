import Editing
public import Edits
import Foundation

/// Which corrections of a list do not go together.
public struct ConflictReport: Codable, Sendable, Equatable {
    public let edits: Int
    public let conflicts: [Conflict]
    /// Contradicting pairs with prompts in other words, of which a question that both have, as
    /// prompt or rephrasing, proves that they are about one fact.
    public let proven: Int
    /// Pairs that the words and the meaning of their prompts alone give away.
    public let foundByMeaning: Int
    /// Of the proven ones, those among them.
    public let foundOfProven: Int
}

extension EditableModel {
    /// Which of `records` contradict or repeat earlier ones, or the calendar.
    public func conflicts(among records: [EditRecord]) throws -> ConflictReport {
        let conflicts = try found(among: records)
        let bare = records.enumerated().map { number, record in
            var bare = record
            (bare.id, bare.rephrases, bare.subject) = ("\(number)", [], nil)
            return bare
        }
        let near = try Set(
            found(among: bare).filter { $0.kind == .near }.map { Pair(Int($0.edit)!, $0.earlier!) })
        let proven = Self.proven(among: records)
        return ConflictReport(
            edits: records.count, conflicts: conflicts, proven: proven.count,
            foundByMeaning: near.count, foundOfProven: near.intersection(proven).count)
    }

    private struct Pair: Hashable {
        let later: Int
        let earlier: Int
        init(_ later: Int, _ earlier: Int) { (self.later, self.earlier) = (later, earlier) }
    }

    private func found(among records: [EditRecord]) throws -> [Conflict] {
        var search = ConflictSearch(words: try known().words)
        search.insert(records.enumerated().map { (sequence: $0, record: $1) })
        let now = Date.now
        return try records.indices.flatMap { place in
            try search.conflicts(
                of: place, now: now, holds: { _ in true }, resembles: resembles)
        }
    }

    /// Contradictions that an equal question proves, where the prompts themselves differ.
    private static func proven(among records: [EditRecord]) -> Set<Pair> {
        var places: [String: [Int]] = [:]
        var pairs = Set<Pair>()
        for (place, record) in records.enumerated() {
            for question in record.questions {
                for other in places[question] ?? []
                where record.contradicts(records[other]) && !record.asksLike(records[other]) {
                    pairs.insert(Pair(place, other))
                }
                places[question, default: []].append(place)
            }
        }
        return pairs
    }
}
