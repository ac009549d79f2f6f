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

    /// Says so where a stream will not fit into memory.
    ///
    /// - Parameters:
    ///   - held: bytes that the process held before it tried the methods, base model included.
    ///   - free: bytes that were free besides.
    /// - Throws: `EvaluationError` that names the largest stream.
    package func requireRoom(beyond held: Int, free: Int) throws {
        guard let largest = costs.max(by: { $0.bytes < $1.bytes }), largest.bytes - held > free
        else { return }
        throw EvaluationError(
            "Expected \(largest.stream) to fit into memory, but beyond the base model it takes about "
                + "\((largest.bytes - held) >> 20) MB and \(free >> 20) MB are free; use a larger "
                + "machine, --dtype bf16, or fewer edits with --edits.")
    }

    /// Hours, minutes and seconds: *1:02:30*.
    private static func clock(_ seconds: Double) -> String {
        let seconds = Int(seconds.rounded(.up))
        return String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}
