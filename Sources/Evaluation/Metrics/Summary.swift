package import Edits

/// How well the target is answered over a set of probes, as shares; absent where not measured.
package struct Scores: Codable, Sendable, Equatable {
    /// Probes asked.
    package var count: Int
    /// Mean share of target tokens right, teacher-forced.
    package var tokenAccuracy: Double?
    /// Share with every target token right, teacher-forced.
    package var allTokens: Double?
    /// Share whose generation is the target.
    package var generated: Double?
    /// Share that finds the target more probable than the former answer.
    package var preference: Double?

    /// The scores of `outcomes`.
    package init(_ outcomes: [ProbeOutcome]) {
        count = outcomes.count
        tokenAccuracy = Statistics.mean(outcomes.compactMap(\.tokenAccuracy))
        allTokens = Statistics.share(outcomes.compactMap(\.allTokens))
        generated = Statistics.share(outcomes.compactMap(\.generatedMatches))
        preference = Statistics.share(outcomes.compactMap(\.prefersTarget))
    }
}

/// How well the unedited model's answers are kept, as shares.
package struct LocalityScores: Codable, Sendable, Equatable {
    /// Probes asked.
    package var count: Int
    /// Share whose argmax follows the unedited model's greedy answer.
    package var agreement: Double?
    /// Share whose logits are the unedited model's, bit for bit.
    package var bitEqual: Double?

    /// The scores of `outcomes`.
    package init(_ outcomes: [ProbeOutcome]) {
        count = outcomes.count
        agreement = Statistics.share(outcomes.compactMap(\.agrees))
        bitEqual = Statistics.share(outcomes.compactMap(\.isBitEqual))
    }
}

/// What the gate let through, as shares of the probes of each kind.
package struct GateScores: Codable, Sendable, Equatable {
    /// Scope recall: edited prompts in scope.
    package var edits: Double?
    /// Scope recall: held-out rephrasings in scope.
    package var rephrases: Double?
    /// False accepts: neighbouring prompts in scope.
    package var neighbours: Double?
    /// False accepts: unrelated prompts in scope.
    package var unrelated: Double?
    /// Covered prompts in scope whose nearest stored edit is their own; absent for a method that
    /// names none.
    package var rightEdit: Double?

    /// The shares in `outcomes`.
    package init(_ outcomes: [ProbeOutcome]) {
        func accepted(_ kind: Probe.Kind) -> Double? {
            Statistics.share(
                outcomes.filter { $0.probe.kind == kind }
                    .compactMap { $0.trace.map { $0.decision == .edited } })
        }
        edits = accepted(.edit)
        rephrases = accepted(.rephrase)
        neighbours = accepted(.neighbour)
        unrelated = accepted(.unrelated)
        rightEdit = Statistics.share(
            outcomes.filter { $0.probe.kind.isCovered && $0.trace?.decision == .edited }
                .compactMap { outcome in
                    outcome.trace?.nearestEdit.map { $0 == outcome.probe.edit }
                })
    }
}

/// Everything measured at one moment.
package struct Summary: Codable, Sendable, Equatable {
    /// Edited prompts.
    package var reliability: Scores
    /// Rephrasings that were trained on.
    package var taughtRephrases: Scores
    /// Rephrasings that were not.
    package var generalization: Scores
    /// Prompts near an edit.
    package var neighbours: LocalityScores
    /// Prompts far from any edit.
    package var unrelated: LocalityScores
    /// What the gate let through.
    package var gate: GateScores
    /// Share of covered prompts whose route differs from the one right after their edit.
    package var movedRoutes: Double?

    /// The figures of `outcomes`, those of `moment` only.
    package init(_ outcomes: [ProbeOutcome], at moment: ProbeOutcome.Moment) {
        let outcomes = outcomes.filter { $0.moment == moment }
        func of(_ kind: Probe.Kind) -> [ProbeOutcome] {
            outcomes.filter { $0.probe.kind == kind }
        }
        reliability = Scores(of(.edit))
        taughtRephrases = Scores(of(.taughtRephrase))
        generalization = Scores(of(.rephrase))
        neighbours = LocalityScores(of(.neighbour))
        unrelated = LocalityScores(of(.unrelated))
        gate = GateScores(outcomes)
        movedRoutes = Statistics.share(
            outcomes.filter(\.probe.kind.isCovered).compactMap(\.routeMoved))
    }
}

/// The end-of-stream scores of the edits of one age.
package struct AgeBand: Codable, Sendable, Equatable {
    /// The band's first edit, its place in the stream from 0; band 0 holds the oldest.
    package var first: Int
    /// Its last.
    package var last: Int
    /// Edited prompts.
    package var reliability: Scores
    /// Held-out rephrasings.
    package var generalization: Scores

    /// `outcomes` at the end of a stream of `edits` edits, cut into `count` bands of equal length,
    /// oldest first: 3 for old, middle and new, more for a curve.
    package static func bands(
        _ outcomes: [ProbeOutcome], edits: Int, count: Int
    ) -> [AgeBand] {
        let count = min(count, edits)
        return bands(outcomes, starts: (0..<count).map { edits * $0 / count }, edits: edits)
    }

    /// `outcomes` at the end of a stream of `edits` edits, cut into bands that begin at `starts`.
    package static func bands(
        _ outcomes: [ProbeOutcome], starts: [Int], edits: Int
    ) -> [AgeBand] {
        let outcomes = outcomes.filter { $0.moment == .atEnd }
        return zip(starts, starts.dropFirst() + [edits]).map { first, next in
            let inside = outcomes.filter { (first..<next).contains($0.probe.index) }
            return AgeBand(
                first: first, last: next - 1,
                reliability: Scores(inside.filter { $0.probe.kind == .edit }),
                generalization: Scores(inside.filter { $0.probe.kind == .rephrase }))
        }
    }
}

/// How far prompts are from the nearest stored edit, at the end of the stream.
package struct Distances: Codable, Sendable, Equatable {
    /// The gate that measured them.
    package var gate: RouteTrace.Gate
    /// A histogram for each kind of probe, by the kind's name.
    package var histograms: [String: Histogram]
    /// Area under the ROC curve of held-out rephrasings against neighbouring prompts; a prompt
    /// without any match is further than all that have one.
    package var areaAgainstNeighbours: Double?
    /// The same against unrelated prompts.
    package var areaAgainstUnrelated: Double?

    /// The distances in `outcomes`; nothing where no probe has one.
    package init?(_ outcomes: [ProbeOutcome]) {
        let traced = outcomes.filter { $0.moment == .atEnd && $0.trace != nil }
        guard let gate = traced.first(where: { $0.trace?.distance != nil })?.trace?.gate else {
            return nil
        }
        let distances = Dictionary(grouping: traced, by: \.probe.kind).mapValues {
            $0.map { $0.trace?.distance }
        }
        // Codes of one shape differ in an even number of bits; radii may lie far below distances.
        let width = gate == .code ? 2 : gate == .radius ? 0.2 : 0.02
        self.gate = gate
        histograms = Dictionary(
            uniqueKeysWithValues: distances.compactMap { kind, distances in
                let known = distances.compactMap(\.self)
                return known.isEmpty ? nil : (kind.rawValue, Histogram(known, width: width))
            })
        func all(_ kind: Probe.Kind) -> [Double] {
            (distances[kind] ?? []).map { $0 ?? .infinity }
        }
        areaAgainstNeighbours = Statistics.areaUnderCurve(
            covered: all(.rephrase), uncovered: all(.neighbour))
        areaAgainstUnrelated = Statistics.areaUnderCurve(
            covered: all(.rephrase), uncovered: all(.unrelated))
    }
}
