import ArgumentParser
import Errata
import Foundation

/// `errata status`: how full a model is, and how well it still knows.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how full an edited model is and how well it still knows its edits.",
        discussion: """
            Example:
              errata status --model fixed.edited
            """)

    @OptionGroup var history: HistoryOptions

    @Option(
        help: ArgumentHelp("Live edits that are asked, evenly over their age.", valueName: "count"))
    var sample = 48

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws {
        guard sample >= 0 else {
            throw ValidationError("expected --sample of 0 or more, got \(sample)")
        }
    }

    func run() async throws {
        let model = try await EditableModel.opened(history, options: engine)
        let report = try await model.status(sample: sample)
        if output.json { return try Output.json(report) }
        Self.lines(report).forEach { Output.line($0) }
    }

    private static func lines(_ report: CapacityReport) -> [String] {
        var lines = [
            "version #\(report.version), \(report.method)",
            "edits     \(report.live) live, \(report.pending) pending, \(report.undone) undone, "
                + "\(report.superseded) superseded, \(report.rejected) rejected",
        ]
        if report.retired > 0 {
            lines.append(
                "          \(report.retired) taken back and masked; errata settle lets the adapters "
                    + "forget them")
        }
        if !report.expired.isEmpty {
            lines.append("          \(report.expired.count) expired; errata undo --expired")
        }
        if let codes = report.codes {
            lines.append(
                "codes     \(codes.used) used of \(number(codes.possible)), "
                    + "\(codes.collisions.counted("pair")) of facts share one")
        }
        if let margins = report.margins {
            lines.append(
                "margins   own texts are \(margins.least.fixed(2)) from an edit at least, "
                    + "\(margins.median.fixed(2)) in the middle; below 1 is covered, "
                    + "\((margins.covered * 100).fixed(1)) % are")
        }
        if !report.remembered.isEmpty {
            let shares = report.remembered.map { "\($0.right) of \($0.asked)" }
            lines.append("knows     \(shares.joined(separator: ", ")), oldest third first")
        }
        let bytes = report.bytes
        lines.append(
            "bytes     log \(megabytes(bytes.log)), snapshots \(megabytes(bytes.snapshots)), "
                + "adapters \(megabytes(bytes.constant)) and \(megabytes(bytes.growing)) that grow")
        let forecast = report.forecast
        let collisions = forecast.collisions.map { ", \(number($0)) codes shared by chance" } ?? ""
        lines.append(
            "at \(forecast.edits) edits: log \(megabytes(forecast.logBytes)), adapters "
                + "\(megabytes(bytes.constant + forecast.growingBytes))\(collisions)")
        return lines
    }

    private static func megabytes(_ bytes: Int) -> String {
        "\((Double(bytes) / 1e6).fixed(1)) MB"
    }

    private static func number(_ value: Double) -> String {
        value < 1e6 ? value.fixed(value < 10 ? 2 : 0) : String(format: "%.1e", value)
    }
}
