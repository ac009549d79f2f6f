package import Edits

/// What one method did with one stream of edits.
package struct MethodRow: Codable, Sendable, Equatable {
    /// The method and preset: `ELDER paper`.
    package var method: String
    /// Edits applied.
    package var edits: Int
    /// Rows trained on: prompts and taught rephrasings.
    package var rows: Int
    /// Figures right after each edit; absent where they were not taken.
    package var afterEdit: Summary?
    /// Figures at the end of the stream.
    package var atEnd: Summary
    /// Old, middle and new edits at the end of the stream.
    package var thirds: [AgeBand]
    /// The same in ten bands.
    package var ageCurve: [AgeBand]
    /// The edits between one mark and the next; absent where the end was the only one.
    package var segments: [AgeBand]?
    /// Distances to the nearest stored edit, for a method with a gate.
    package var distances: Distances?
    /// Different allocation codes among those stored.
    package var distinctCodes: Int?
    /// Numbers that edits train, all sets so far where edits or batches have their own.
    package var trainableParameters: Int?
    /// The same, for those who read a table.
    static let trainedNote =
        "Trained: the numbers that edits train, all sets so far where edits or batches have their own"
    /// What the stream of edits adds to the base model, divided by the edits.
    package var bytesPerEdit: Double?
    /// Wall clock of the edit call alone, the device synchronised.
    package var secondsPerEdit: Spread?
    /// Seconds of all cores together, on average: what an edit costs however busy the machine is.
    package var cpuSecondsPerEdit: Double?
    /// The same in ten bands of the stream, first edits first: whether the cost of an edit grows.
    package var cpuSecondsByTenth: [Double]?
    /// Optimiser steps taken.
    package var stepsPerEdit: Spread?
    /// The most memory the process held since the method began, the base model included; since the
    /// process began where the system keeps no other account.
    package var peakMemoryBytes: Int?
    /// Where the edits are routed at the end, for a method with routes of its own.
    package var routing: RoutingReport?
    /// The scores with every prompt sent to its own edit's expert, for such a method.
    package var oracle: OracleScores?

    /// The row of `method` from everything asked of it; costs are added by the caller.
    package init(method: String, edits: Int, rows: Int, outcomes: [ProbeOutcome]) {
        self.method = method
        self.edits = edits
        self.rows = rows
        let tookBoth = outcomes.contains { $0.moment == .afterEdit }
        afterEdit = tookBoth ? Summary(outcomes, at: .afterEdit) : nil
        atEnd = Summary(outcomes, at: .atEnd)
        thirds = AgeBand.bands(outcomes, edits: edits, count: 3)
        ageCurve = AgeBand.bands(outcomes, edits: edits, count: 10)
        distances = Distances(outcomes)
    }

    /// What an edit of the last tenth of the stream costs, over what one of the first does.
    package var costGrowth: Double? {
        guard let tenths = cpuSecondsByTenth, let first = tenths.first, first > 0 else {
            return nil
        }
        return tenths[tenths.count - 1] / first
    }
}

/// What a method with experts would score if it always found the right one.
package struct OracleScores: Codable, Sendable, Equatable {
    /// Edited prompts.
    package var reliability: Scores
    /// Held-out rephrasings.
    package var generalization: Scores
}

/// One run of the benchmark: the same edits through every method.
package struct BenchResult: Codable, Sendable, Equatable {
    /// How it was made.
    package var manifest: Manifest
    /// What the data held.
    package var dataset: DatasetReport
    /// A row for each method, in the order they ran.
    package var methods: [MethodRow]

    /// A run with this manifest over this data.
    package init(manifest: Manifest, dataset: DatasetReport, methods: [MethodRow] = []) {
        self.manifest = manifest
        self.dataset = dataset
        self.methods = methods
    }
}

extension BenchResult {
    /// The row of `method`, where it was measured with the recipe that `manifest` has for it.
    package func row(of method: String, like manifest: Manifest) -> MethodRow? {
        guard self.manifest.configs[method] == manifest.configs[method] else { return nil }
        return methods.first { $0.method == method }
    }
}
