import Foundation

/// What a run will take, before it begins.
package struct LabPlan: Sendable {
    /// The streams that are to be measured.
    package let costs: [StreamCost]
    /// Streams that stand in the folder already.
    package let measured: Int

    package init(costs: [StreamCost], measured: Int) {
        self.costs = costs
        self.measured = measured
    }

    /// A line for each stream, and the sum, for a terminal.
    package var plain: String {
        var table = TextTable(
            "To measure",
            columns: ["Stream", "Edits", "Steps", "Prompts", "Time", "Peak MB"])
        table.rows = costs.map { cost in
            [
                cost.stream, Figure.count(cost.edits), Figure.count(cost.steps),
                Figure.count(cost.prompts), Self.clock(cost.seconds),
                Figure.count(cost.bytes >> 20),
            ]
        }
        let seconds = costs.reduce(0) { $0 + $1.seconds }
        table.rows.append([
            "All \(costs.count)", Figure.count(costs.reduce(0) { $0 + $1.edits }),
            Figure.count(costs.reduce(0) { $0 + ($1.steps ?? 0) }),
            Figure.count(costs.reduce(0) { $0 + $1.prompts }), Self.clock(seconds),
            Figure.count((costs.map(\.bytes).max() ?? 0) >> 20),
        ])
        return """
            \(table.plain)
            Time and memory are estimates from a few edits of each method, for one process; \
            \(measured) streams are measured already.
            """
    }

    /// Hours, minutes and seconds: *1:02:30*.
    private static func clock(_ seconds: Double) -> String {
        let seconds = Int(seconds.rounded(.up))
        return String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}
