import Foundation

/// A task and one model's answers to it.
struct HarnessTask: Sendable {
    /// A figure over a task's answers.
    struct Figure: Sendable, Equatable {
        let metric: HarnessMetric
        let filter: String
        let value: Double
        /// The standard error of the mean; absent where the harness has none either: of one answer, and
        /// of a mean over parts.
        let standardError: Double?
    }

    /// As files call it: letters, digits and underscores.
    let name: String
    /// As tables call it.
    let alias: String
    /// Where its documents came from.
    let source: String
    /// Documents that it has, asked or not.
    let documents: Int
    /// What is better when it is lower.
    var lowerIsBetter: Set<HarnessMetric> = []
    /// The answers.
    let samples: [HarnessSample]

    /// Documents that were asked.
    var asked: Int { Set(samples.map(\.document)).count }

    /// Every metric that was measured at all.
    var metrics: [HarnessMetric] {
        HarnessMetric.allCases.filter { metric in samples.contains { $0.values[metric] != nil } }
    }

    /// The readings, the end of the run first.
    var filters: [String] {
        [HarnessSample.atEnd, HarnessSample.afterEdit].filter { filter in
            samples.contains { $0.filter == filter }
        }
    }

    /// A figure for every metric and reading.
    var figures: [Figure] {
        filters.flatMap { filter in
            let samples = samples.filter { $0.filter == filter }
            return metrics.compactMap { Self.figure($0, filter, of: samples) }
        }
    }

    private static func figure(
        _ metric: HarnessMetric, _ filter: String, of samples: [HarnessSample]
    ) -> Figure? {
        let values = samples.compactMap { $0.values[metric] }
        let isOfParts = metric == .score && samples.contains { $0.part != nil }
        let value = isOfParts ? meanOfParts(samples) : Statistics.mean(values)
        return value.map {
            Figure(
                metric: metric, filter: filter, value: $0,
                standardError: isOfParts ? nil : Statistics.standardError(values))
        }
    }

    /// The mean of the parts' points of possible points.
    private static func meanOfParts(_ samples: [HarnessSample]) -> Double? {
        let parts = Dictionary(grouping: samples) { $0.part ?? "" }
        let shares = parts.sorted { $0.key < $1.key }.compactMap { _, samples -> Double? in
            let possible = samples.reduce(0) { $0 + $1.possible }
            let points = samples.reduce(0) { $0 + ($1.values[.score] ?? 0) * Double($1.possible) }
            return possible == 0 ? nil : points / Double(possible)
        }
        return Statistics.mean(shares)
    }

    /// One digest of all answers' documents, prompts and targets, as the harness makes it.
    var digest: String {
        sha256(Data(samples.flatMap(\.digests).joined().utf8))
    }

    /// The task as a configuration of the harness would describe it.
    var configuration: PythonJSON {
        [
            "task": .text(name), "task_alias": .text(alias), "dataset_path": .text(source),
            "output_type": "generate_until", "doc_to_text": "{{prompt}}",
            "doc_to_target": "{{target}}", "num_fewshot": .integer(0),
            "metric_list": .list(metricsOfAll.map(description)),
            "generation_kwargs": HarnessSample.generation(atMost: samples.first?.maximumTokens),
            "filter_list": filters.count < 2
                ? nil
                : .list(
                    filters.map { ["name": .text($0), "filter": [["function": "take_first"]]] }),
            "repeats": .integer(1), "should_decontaminate": .bool(false),
            "metadata": ["version": .integer(1)],
        ]
    }

    /// The metrics that every answer has: tools look for those of the configuration in every line.
    private var metricsOfAll: [HarnessMetric] {
        metrics.filter { metric in samples.allSatisfy { $0.values[metric] != nil } }
    }

    private func description(of metric: HarnessMetric) -> PythonJSON {
        let isOfParts = metric == .score && samples.contains { $0.part != nil }
        return [
            "metric": .text(metric.rawValue),
            "aggregation": isOfParts ? "mean_of_parts" : "mean",
            "higher_is_better": .bool(!lowerIsBetter.contains(metric)),
        ]
    }
}
