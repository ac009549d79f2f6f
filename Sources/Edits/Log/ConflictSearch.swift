public import Foundation

/// Finds among the edits that hold those that another one meets.
///
/// Questions are equal whatever their case and the punctuation around their words; "C++" is not
/// "C". Nearly equal questions have nearly all their rare words in common, in both directions, and
/// the caller says whether they mean the same. Targets are compared to the letter: a correction of
/// an accent, a sign or a capital is a correction.
public struct ConflictSearch: Sendable {
    private var edits: [(sequence: Int, record: EditRecord)] = []
    private var places: [Int: Int] = [:]
    private var facts: [[String]: [Int]] = [:]
    private var questions: [String: [Int]] = [:]
    private var identifiers: [String: [Int]] = [:]
    private var words: PromptIndex

    /// How much of each question's words the other must have to be nearly equal.
    private static let nearness = 0.72

    /// - Parameter words: knows which words are common, and no prompt yet.
    public init(words: PromptIndex = PromptIndex()) { self.words = words }

    /// Takes in edits; later ones are later in time.
    public mutating func insert(_ new: [(sequence: Int, record: EditRecord)]) {
        for (sequence, record) in new {
            let place = edits.count
            edits.append((sequence, record))
            places[sequence] = place
            if let fact = record.fact { facts[fact, default: []].append(place) }
            for question in record.questions {
                questions[question, default: []].append(place)
            }
            identifiers[record.id, default: []].append(place)
        }
        words.insert(new.map(\.record.prompt))
    }

    /// How the edit at `sequence`, which was inserted, goes together with earlier ones and `now`.
    ///
    /// - Parameters:
    ///   - holds: whether the edit of an event still holds.
    ///   - resembles: whether a prompt means what each of some earlier prompts does.
    public func conflicts(
        of sequence: Int, now: Date, holds: (Int) -> Bool,
        resembles: (_ prompt: String, _ earlier: [String]) throws -> [Bool]
    ) rethrows -> [Conflict] {
        let place = places[sequence]!
        let record = edits[place].record
        func earlier(_ found: [Int]) -> [Int] {
            Set(found).filter { $0 < place && holds(edits[$0].sequence) }.sorted()
        }
        let equal = earlier(
            record.questions.flatMap { questions[$0] ?? [] }
                + (record.fact.flatMap { facts[$0] } ?? [])
        ).filter { record.contradicts(edits[$0].record) || record.repeats(edits[$0].record) }
        var conflicts = equal.map { conflict(record, with: $0, isNear: false) }
        let named = earlier(identifiers[record.id] ?? []).filter { !equal.contains($0) }
        conflicts += named.map {
            Conflict(
                kind: .identifier, edit: record.id, earlier: edits[$0].sequence,
                description: "`\(record.id)` already names “\(edits[$0].record.prompt)” → "
                    + "“\(edits[$0].record.target)”")
        }
        let candidates = earlier(nearlyEqual(to: place)).filter {
            !equal.contains($0) && !named.contains($0)
                && record.contradicts(edits[$0].record)
        }
        if !candidates.isEmpty {
            let isNear = try resembles(
                record.prompt, candidates.map { edits[$0].record.prompt })
            conflicts += zip(candidates, isNear).filter(\.1)
                .map { conflict(record, with: $0.0, isNear: true) }
        }
        return conflicts + Self.calendar(of: record, now: now)
    }

    private func conflict(_ record: EditRecord, with place: Int, isNear: Bool) -> Conflict {
        let earlier = edits[place].record
        return Conflict(
            kind: isNear ? .near : record.contradicts(earlier) ? .contradiction : .duplicate,
            edit: record.id,
            earlier: edits[place].sequence,
            description: "“\(record.prompt)” → “\(record.target)” meets \(earlier.id), “"
                + "\(earlier.prompt)” → “\(earlier.target)”")
    }

    /// Edits whose prompt has nearly all the rare words of this one's, and the other way round.
    private func nearlyEqual(to place: Int) -> [Int] {
        let coverage = words.coverage(by: edits[place].record.prompt)
        return coverage.indices.filter { other in
            other < place && coverage[other] >= Self.nearness
                && words.coverage(by: edits[other].record.prompt)[place] >= Self.nearness
        }
    }

    private static func calendar(of record: EditRecord, now: Date) -> [Conflict] {
        var conflicts: [Conflict] = []
        if let until = record.validUntil, let end = endOfValidity(until), end < now {
            conflicts.append(
                Conflict(
                    kind: .expired, edit: record.id, earlier: nil,
                    description: "`\(record.id)` ceased to hold on \(until)"))
        }
        if let from = record.validFrom, let start = instant(from), start > now {
            conflicts.append(
                Conflict(
                    kind: .early, edit: record.id, earlier: nil,
                    description: "`\(record.id)` does not hold before \(from)"))
        }
        return conflicts
    }
}

extension EditRecord {
    /// Each wording, for comparison.
    package var questions: Set<String> {
        Set(([prompt] + rephrases).map(plain).filter { !$0.isEmpty })
    }

    /// Whether the targets differ in more than white space.
    package func contradicts(_ other: EditRecord) -> Bool {
        target.split(whereSeparator: \.isWhitespace)
            != other.target.split(whereSeparator: \.isWhitespace)
    }

    /// Whether this says nothing that the other does not: the same target, and no wording of its own.
    func repeats(_ other: EditRecord) -> Bool {
        !contradicts(other) && questions.isSubset(of: other.questions)
    }

    /// Whether the two have a question in common, or the fact.
    package func isAboutSame(as other: EditRecord) -> Bool {
        !questions.isDisjoint(with: other.questions) || fact != nil && fact == other.fact
    }

    /// Subject and relation for comparison, where both are known.
    fileprivate var fact: [String]? {
        guard let subject, let relation else { return nil }
        return [plain(subject), plain(relation)]
    }

    /// Whether the prompts are the same question.
    package func asksLike(_ other: EditRecord) -> Bool { plain(prompt) == plain(other.prompt) }

    /// Whether `validUntil` has passed.
    public func isExpired(at now: Date) -> Bool {
        validUntil.flatMap(endOfValidity).map { $0 < now } ?? false
    }
}

/// `text` without its case, and without white space and punctuation around its words.
private func plain(_ text: String) -> String {
    text.lowercased().split(whereSeparator: \.isWhitespace)
        .map { word in
            let opened = word.drop { "\"'“„‘«(¿¡".contains($0) }
            let end = opened.lastIndex { !".,;:?!…\"'”’»)".contains($0) }
            return end.map { String(opened[...$0]) } ?? ""
        }
        .filter { !$0.isEmpty }.joined(separator: " ")
}

/// A day or an instant as a point in time; a day begins in UTC.
private func instant(_ text: String) -> Date? {
    (try? Date.ISO8601FormatStyle().parse(text))
        ?? (try? Date.ISO8601FormatStyle().year().month().day().parse(text))
}

/// When something ends that holds until then: a day counts in whole.
private func endOfValidity(_ text: String) -> Date? {
    instant(text).map { text.count == 10 ? $0.addingTimeInterval(86_400) : $0 }
}
