import Foundation

/// What a transaction must pass before it goes live: a share for each kind of probe, and how many
/// probes there are.
public struct GateConfiguration: Codable, Sendable, Equatable {
    /// Whether anything is probed at all.
    public var isOn = true
    /// Edits of the transaction whose prompt is answered with the target, generated.
    public var rewrite = 0.95
    /// Given rephrasings answered with the target.
    public var rephrase = 0.8
    /// Prompts behind a text that the model itself wrote, answered with the target, where the
    /// unedited model's own answer survives that text; asked of edits without rephrasings.
    public var context = 0.0
    /// Given neighbours and unrelated prompts answered as before the transaction.
    public var locality = 0.9
    /// Earlier edits, sampled by age and right before the transaction, that still are.
    public var earlier = 0.95
    /// Texts of the model's own that no edit covers.
    public var deferral = 0.0
    /// Of these, the ones answered bit for bit by what the unedited model says.
    public var retention = 1.0
    /// Sampled contexts for each edit.
    public var contexts = 2
    /// Earlier edits that are asked.
    public var earlierEdits = 32
    /// Texts of the model's own that are asked.
    public var retentionTexts = 32
    /// Whether an accepted edit answers from the log itself until the adapters have learned it.
    public var answersAtOnce = true

    /// The defaults.
    public init() {}

    /// No probes: whatever is learned goes live.
    public static var off: GateConfiguration {
        var gate = GateConfiguration()
        gate.isOn = false
        return gate
    }

    /// The least share of a kind of probe that must hold.
    public func threshold(of kind: GateReport.Kind) -> Double {
        switch kind {
        case .rewrite: rewrite
        case .rephrase: rephrase
        case .context: context
        case .locality: locality
        case .earlier: earlier
        case .deferral: deferral
        case .retention: retention
        }
    }

    /// - Throws: `EditError` that names the first value out of range.
    public func validate() throws {
        for kind in GateReport.Kind.allCases where !(0...1).contains(threshold(of: kind)) {
            throw EditError(
                "expected `gate.\(kind.rawValue)` from 0 to 1, got \(threshold(of: kind)); "
                    + "it is the share of probes that must hold.")
        }
        let counts = [
            ("contexts", contexts), ("earlierEdits", earlierEdits),
            ("retentionTexts", retentionTexts),
        ]
        for (key, count) in counts where count < 0 {
            throw EditError(
                "expected `gate.\(key)` of at least 0, got \(count); it is a number of probes.")
        }
    }
}

extension GateConfiguration {
    /// This gate with some keys set from text, as a command line has them.
    ///
    /// - Throws: `EditError` that names the key: unknown, of the wrong kind, or out of range.
    public func replacing(_ values: [String: String]) throws -> GateConfiguration {
        let gate = try replacingKeys(
            of: self, json: JSONEncoder().encode(self), with: values.mapValues(jsonValue(of:)),
            what: "gate key", in: "gate")
        try gate.validate()
        return gate
    }
}
