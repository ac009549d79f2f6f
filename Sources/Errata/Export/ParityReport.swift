import Foundation
import Torch

/// How near an export comes to the model it was made of, read back by Errata and by others.
public struct ParityReport: Codable, Sendable {
    public var format: ExportFormat
    public var method: String
    /// The event of the log that was exported.
    public var version: Int
    /// SHA-256 of the base model's configuration and weights.
    public var base: String
    /// What the model computes in.
    public var dtype: String
    public var readings: [Reading] = []

    public struct Reading: Codable, Sendable {
        /// Who read it.
        public var reader: String
        /// How far a score may be off, as a share of the largest of its case.
        public var tolerance: Double
        public var edits = Tally()
        public var unrelated = Tally()

        public var isPassed: Bool { edits.failures.isEmpty && unrelated.failures.isEmpty }
    }

    /// What came of some prompts.
    public struct Tally: Codable, Sendable {
        public var prompts = 0
        /// The largest difference of two scores, as it is and as a share of the largest score.
        public var difference = 0.0
        public var relativeDifference = 0.0
        /// Prompts whose greedy answers are the same to the last token.
        public var sameTexts = 0
        /// The first prompts that failed, with what is wrong.
        public var failures: [Failure] = []
    }

    public struct Failure: Codable, Sendable {
        public var prompt: String
        public var fault: String
    }

    public var isPassed: Bool { readings.allSatisfy(\.isPassed) }
}

extension ParityReport.Tally {
    /// The most failures that a report quotes.
    private static let quoted = 5

    mutating func add(
        _ found: ExportReading.Case, prompt: String, tolerance: Double
    ) {
        prompts += 1
        let share = found.largest > 0 ? found.difference / found.largest : found.difference
        difference = max(difference, found.difference)
        relativeDifference = max(relativeDifference, share)
        sameTexts += found.lead == nil ? 1 : 0
        let fault: String? =
            if found.hasSameTokens == false {
                "its tokenizer gives other tokens"
            } else if !(share <= tolerance) {
                "a score is off by \(found.difference) of \(found.largest)"
            } else if let lead = found.lead, !(lead <= 2 * tolerance * found.largest) {
                // Two scores nearer than both may be off are a draw, which either side may win.
                "the answer differs where Errata's led by \(lead)"
            } else {
                nil
            }
        guard let fault, failures.count < Self.quoted else { return }
        failures.append(ParityReport.Failure(prompt: prompt, fault: fault))
    }
}

/// How far scores may be off, as a share of the largest, and why.
enum ExportTolerance {
    /// Sums in another order; what `make parity` allows between Errata and transformers.
    static let float32 = 1e-5
    /// Edited weights are rounded to 11 bits where they are stored: half of the last bit. Measured:
    /// up to 1.5e-4.
    static let float16 = 5e-4
    /// Activations are rounded to 8 bits at each step, in each implementation elsewhere: four of
    /// the last bit. Measured between the unedited model and transformers: 6.7e-3.
    static let bfloat16 = 1.6e-2

    static func of(_ dtype: DType) -> Double {
        switch dtype {
        case .bfloat16: bfloat16
        case .float16: float16
        default: float32
        }
    }
}

extension ParityReport: CustomStringConvertible {
    /// The report as Markdown.
    public var description: String {
        var lines = [
            "# Parity", "",
            "Format `\(format.rawValue)`, method `\(method)`, version \(version) of the log, computed in "
                + "\(dtype), base `\(base.prefix(12))…`.", "",
            "| Read by | Prompts | Number | Largest difference of a score | as a share of the largest "
                + "| allowed | Same greedy answers |",
            "|---|---|---|---|---|---|---|",
        ]
        for reading in readings {
            for (name, tally) in [("edits", reading.edits), ("unrelated", reading.unrelated)]
            where tally.prompts > 0 {
                lines.append(
                    "| \(reading.reader) | \(name) | \(tally.prompts) | \(tally.difference.brief) | "
                        + "\(tally.relativeDifference.brief) | \(reading.tolerance.brief) | "
                        + "\(tally.sameTexts) of \(tally.prompts) |")
            }
        }
        lines += [
            "",
            "Answers that differ although this was accepted part at a token where the two best scores "
                + "are nearer to each other than the difference that is allowed.", "",
        ]
        return lines.joined(separator: "\n")
    }
}

extension Double {
    /// Three digits: `1.24e-06`, `0`.
    fileprivate var brief: String { self == 0 ? "0" : String(format: "%.2e", self) }
}
