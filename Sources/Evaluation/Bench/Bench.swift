package import Edits
package import Errata

/// One protocol for every method: the same edits, the same probes, the same base model.
///
/// The stream is applied in order; each edit is probed right after its batch, if wanted, and every
/// edit so far again at each mark and at the end.
package struct Bench {
    package let model: EditableModel
    package let edits: [SplitEdit]
    /// Prompts far from any edit, asked at the end beside the edits' own.
    package let unrelated: [LocalityProbe]
    package let options: Options
    /// What the unedited model answers to prompts that no edit covers, by prompt: asked once, however
    /// many methods run.
    package var baseAnswers: [String: String] = [:]

    /// What is measured beyond the end of the stream.
    package struct Options: Sendable {
        /// Edits between two rounds of probing right after the edit; nil for none.
        package var probeEvery: Int?
        /// After so many edits everything learned so far is asked, ascending; the end is one anyway.
        package var marks: [Int] = []
        /// The most tokens of a generated answer; one more than the target's where that has as many.
        package var maximumTokens = 24

        package init() {}
    }

    /// Prompts that are asked between two words of progress.
    private static let roundSize = 512
    /// The fewest edits between two places where a stopped run could go on.
    private static let stretch = 20

    /// What a run has come to.
    package struct Progress: Sendable {
        package enum Stage: String, Sendable {
            case editing, probing
            /// Probing with every prompt sent to its own edit's expert.
            case routing = "probing experts"
        }
        package let method: String
        package let stage: Stage
        package let done: Int
        package let total: Int
    }

    package init(
        model: EditableModel, edits: [SplitEdit], unrelated: [LocalityProbe] = [],
        options: Options = Options()
    ) {
        self.model = model
        self.edits = edits
        self.unrelated = unrelated
        self.options = options
    }

    /// What one method did: a row for each mark, the last at the end, and its probes.
    package struct Run: Sendable {
        package let rows: [MethodRow]
        /// Right after each edit, and at the end.
        package let outcomes: [ProbeOutcome]

        /// At the end of the stream.
        package var row: MethodRow { rows[rows.count - 1] }
    }

    /// Runs one method over the stream, from the unedited model.
    ///
    /// - Parameters:
    ///   - seed: fixes what the method draws; the model's own unless given.
    ///   - resumption: goes on with a run that was stopped, which ends as it would have ended, and
    ///     keeps now and then how far it is; nil to begin, and keep nothing.
    ///   - onProgress: an error thrown from it ends the run.
    package mutating func run(
        _ name: String, editor: Editor, seed: UInt64? = nil, resumption: Resumption? = nil,
        onProgress: @escaping @Sendable (Progress) throws -> Void = { _ in }
    ) async throws -> Run {
        try await model.restart(with: editor, seed: seed)
        restartPeakMemory()
        guard editor != .unedited else {
            let outcomes = try await askAll(edits.count, as: name, onProgress: onProgress)
            let row = MethodRow(method: name, edits: 0, rows: 0, outcomes: outcomes)
            return Run(
                rows: [try await filled(row, LearningCost(), onProgress: onProgress)],
                outcomes: outcomes)
        }
        if let stopped = resumption?.stopped { try await model.takeOver(stopped.model) }
        var (resumption, halfway) = (resumption, resumption?.stopped?.halfway ?? Halfway())
        var last: [ProbeOutcome] = []
        for mark in marks.dropFirst(halfway.rows.count) {
            try await learn(
                upTo: mark, as: name, &halfway, keepingIn: &resumption, onProgress: onProgress)
            last = try await askAll(mark, as: name, onProgress: onProgress)
            last.noteMoves(since: halfway.right)
            var row = MethodRow(
                method: name, edits: mark, rows: halfway.cost.rows, outcomes: halfway.right + last)
            if marks.count > 1 {
                row.segments = AgeBand.bands(
                    last, starts: [0] + marks.filter { $0 < mark }, edits: mark)
            }
            halfway.rows.append(try await filled(row, halfway.cost, onProgress: onProgress))
        }
        return Run(rows: halfway.rows, outcomes: halfway.right + last)
    }

    /// Learns the edits before `mark`, and asks each right after its batch where that is wanted.
    private mutating func learn(
        upTo mark: Int, as name: String, _ halfway: inout Halfway,
        keepingIn resumption: inout Resumption?,
        onProgress: @escaping @Sendable (Progress) throws -> Void
    ) async throws {
        let total = edits.count
        if halfway.ahead == nil { halfway.ahead = try await batches(halfway.learned..<mark) }
        while let batch = halfway.ahead?.first {
            let before = halfway.learned
            halfway.cost.add(
                try await model.apply(batch.map { edits[$0].edit }, options: .unchecked) {
                    progress in
                    try onProgress(
                        Progress(
                            method: name, stage: .editing, done: before + progress.edits,
                            total: total))
                })
            halfway.learned += batch.count
            if options.probeEvery != nil {
                // What no edit covers is asked at the end, when the most has been learned.
                halfway.right += try await ask(
                    batch.flatMap(probes).filter(\.kind.isCovered), at: .afterEdit)
            }
            halfway.ahead?.removeFirst()
            try await resumption?.note(halfway)
        }
        halfway.ahead = nil
    }

    /// Asks everything about the first `count` edits, and unrelated prompts: all at the end, as many
    /// as there are edits before.
    private mutating func askAll(
        _ count: Int, as name: String,
        onProgress: @escaping @Sendable (Progress) throws -> Void
    ) async throws -> [ProbeOutcome] {
        let all =
            edits.indices.prefix(count).flatMap(probes)
            + (count == edits.count ? unrelatedProbes : Array(unrelatedProbes.prefix(count)))
        var outcomes: [ProbeOutcome] = []
        for part in all.chunks(of: Self.roundSize) {
            try onProgress(
                Progress(method: name, stage: .probing, done: outcomes.count, total: all.count))
            outcomes += try await ask(part, at: .atEnd)
        }
        return outcomes
    }

    /// `row` with what only the model knows.
    private func filled(
        _ row: MethodRow, _ cost: LearningCost,
        onProgress: @escaping @Sendable (Progress) throws -> Void
    ) async throws -> MethodRow {
        var row = row
        try await cost.fill(&row, from: model)
        row.routing = try await model.routing()
        if await model.routesByEdit {
            row.oracle = try await oracleScores(row.edits, as: row.method, onProgress: onProgress)
        }
        return row
    }

    /// The marks within the stream, and its end.
    private var marks: [Int] { options.marks.filter { $0 < edits.count } + [edits.count] }

    /// The edits of `range` in the order in which the method wants them, cut where they are probed,
    /// and else where the run could go on after a stop.
    ///
    /// A method that plans its order sees no further than the next mark.
    private func batches(_ range: Range<Int>) async throws -> [[Int]] {
        if let plan = try await model.plan(edits[range].map(\.edit)) {
            return plan.map { $0.map { range.lowerBound + $0 } }
        }
        if let size = options.probeEvery { return Array(range).chunks(of: size) }
        let rowsPerBatch = await model.rowsPerBatch
        var (batches, batch, rows): ([[Int]], [Int], Int) = ([], [], 0)
        for index in range {
            batch.append(index)
            rows += edits[index].edit.wordings.count
            guard batch.count >= Self.stretch, rows % rowsPerBatch == 0 else { continue }
            batches.append(batch)
            batch = []
        }
        return batch.isEmpty ? batches : batches + [batch]
    }

    /// The scores over the first `count` edits with every prompt sent to the expert of its own edit:
    /// how good the experts are, however well they are found.
    private func oracleScores(
        _ count: Int, as name: String,
        onProgress: @escaping @Sendable (Progress) throws -> Void
    ) async throws -> OracleScores {
        let probes = edits.indices.prefix(count).flatMap(probes).filter(\.kind.isCovered)
        let owners = Dictionary(probes.map { ($0.prompt, $0.edit) }) { $1 }
        var outcomes: [ProbeOutcome] = []
        for part in probes.chunks(of: Self.roundSize) {
            try onProgress(
                Progress(method: name, stage: .routing, done: outcomes.count, total: probes.count))
            var asked = part.map { ProbeOutcome($0, at: .atEnd) }
            _ = try await noteAnswers(&asked, oracle: owners)
            outcomes += asked
        }
        return OracleScores(
            reliability: Scores(outcomes.filter { $0.probe.kind == .edit }),
            generalization: Scores(outcomes.filter { $0.probe.kind == .rephrase }))
    }

    private func probes(_ index: Int) -> [Probe] { edits[index].probes(index: index) }

    private var unrelatedProbes: [Probe] {
        unrelated.enumerated().map { number, probe in
            Probe(
                edit: "", index: 0, kind: .unrelated, number: number, prompt: probe.prompt,
                target: probe.answer, formerAnswer: nil)
        }
    }
}

extension [ProbeOutcome] {
    /// Notes whose route differs from the one right after the edit, in `earlier`.
    fileprivate mutating func noteMoves(since earlier: [ProbeOutcome]) {
        let routes = Dictionary(
            earlier.compactMap { outcome in
                outcome.trace?.code.map { (Place(outcome.probe), $0) }
            }
        ) { $1 }
        for index in indices {
            guard let now = self[index].trace?.code, let then = routes[Place(self[index].probe)]
            else { continue }
            self[index].routeMoved = now != then
        }
    }
}

/// Where a probe stands in the stream.
private struct Place: Hashable {
    let index: Int
    let kind: Probe.Kind
    let number: Int

    init(_ probe: Probe) { (index, kind, number) = (probe.index, probe.kind, probe.number) }
}
