import Edits

/// What a data file held: how many facts, and what is odd about them. Counted, never hidden.
package struct DatasetReport: Codable, Sendable, Equatable {
    /// A record that is no edit.
    package struct Skip: Codable, Sendable, Equatable {
        /// Its place in the file, from 1; the line for JSON lines.
        package var record: Int
        /// Why, as a clause.
        package var reason: String
    }

    /// The format it was read as.
    package var format: DatasetFormat
    /// Which answer is taught, where the format leaves the choice.
    package var target: ZsRETarget?
    /// The same for a manifest, which says nothing where it is the usual one.
    package var unusualTarget: ZsRETarget? { target == .alternative ? nil : target }
    /// Edits read.
    package var edits = 0
    /// Different facts among them: same subject and relation, or the same question, is one fact.
    /// Where a format names no relation, zsRE's subject and true answer stand in for it.
    package var facts = 0
    /// Edits that ask the same question for the same target as an earlier one.
    package var duplicates = 0
    /// Edits whose fact or question has another target earlier in the file.
    package var conflicts = 0
    /// Edits whose target was a true answer already.
    package var unchanged = 0
    /// Rephrasings of all edits.
    package var rephrases = 0
    /// Neighbouring prompts of all edits.
    package var neighbours = 0
    /// Unrelated prompts of all edits.
    package var unrelated = 0
    /// Records left out.
    package var skipped: [Skip] = []

    private var factOfQuestion: [String: String] = [:]
    private var targets: [String: Set<String>] = [:]
    private var seen: Set<[String]> = []

    private enum CodingKeys: String, CodingKey {
        case format, target, edits, facts, duplicates, conflicts, unchanged, rephrases
        case neighbours, unrelated, skipped
    }

    /// An account of a file of which nothing was read yet.
    package init(format: DatasetFormat, target: ZsRETarget?) {
        self.format = format
        self.target = target
    }

    /// Whether an earlier edit has another target for `fact`, or for the question of `record`.
    func isContradicted(_ record: EditRecord, fact: String) -> Bool {
        targets[factOfQuestion[record.prompt] ?? fact, default: []].contains {
            $0 != record.target
        }
    }

    /// Counts `record`, which states `fact` and replaces one of `knownAnswers`.
    mutating func note(_ record: EditRecord, fact: String, knownAnswers: [String]) {
        edits += 1
        rephrases += record.rephrases.count
        neighbours += record.locality.count { $0.kind == .neighbour }
        unrelated += record.locality.count { $0.kind == .unrelated }
        if knownAnswers.contains(record.target) || record.formerAnswer == record.target {
            unchanged += 1
        }

        if isContradicted(record, fact: fact) { conflicts += 1 }
        let fact = factOfQuestion[record.prompt] ?? fact
        factOfQuestion[record.prompt] = fact
        if targets[fact] == nil { facts += 1 }
        targets[fact, default: []].insert(record.target)
        if !seen.insert([record.prompt, record.target]).inserted { duplicates += 1 }
    }

    /// One line for people.
    package var summary: String {
        var parts = [
            "\(edits) edits of \(facts) facts", "\(rephrases) rephrasings",
            "\(neighbours) neighbours", "\(unrelated) unrelated prompts",
        ]
        if duplicates > 0 { parts.append("\(duplicates) repeated") }
        if conflicts > 0 { parts.append("\(conflicts) contradict an earlier one") }
        if unchanged > 0 { parts.append("\(unchanged) change nothing") }
        if !skipped.isEmpty { parts.append("\(skipped.count) skipped") }
        let choice = target.map { ", target \($0.rawValue)" } ?? ""
        return "\(format.rawValue)\(choice): " + parts.joined(separator: ", ")
    }

    package static func == (left: DatasetReport, right: DatasetReport) -> Bool {
        left.counts == right.counts && left.skipped == right.skipped
            && left.format == right.format && left.target == right.target
    }

    private var counts: [Int] {
        [edits, facts, duplicates, conflicts, unchanged, rephrases, neighbours, unrelated]
    }
}
