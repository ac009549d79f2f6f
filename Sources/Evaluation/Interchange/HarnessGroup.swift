/// Tasks whose unweighted mean counts.
struct HarnessGroup: Sendable {
    /// As files call it.
    let name: String
    /// As tables call it.
    let alias: String

    /// What is averaged.
    let metrics: [HarnessMetric]

    /// The mean of `tasks`' figures at the end of a run, over those that have one; its standard error as
    /// the harness's `unweighted_mean_stderr`.
    func figures(of tasks: [HarnessTask]) -> [HarnessTask.Figure] {
        let figures = tasks.map { $0.figures.filter { $0.filter == HarnessSample.atEnd } }
        return metrics.compactMap { metric in
            let own = figures.compactMap { $0.first { $0.metric == metric } }
            guard let mean = Statistics.mean(own.map(\.value)) else { return nil }
            let errors = own.compactMap(\.standardError)
            let squares = errors.reduce(0) { $0 + $1 * $1 }
            return HarnessTask.Figure(
                metric: metric, filter: HarnessSample.atEnd, value: mean,
                standardError: errors.count < own.count
                    ? nil : squares.squareRoot() / Double(own.count))
        }
    }
}
