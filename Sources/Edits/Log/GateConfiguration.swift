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

/// What the probes of a transaction found.
public struct GateReport: Codable, Sendable, Equatable {
    /// What was asked.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case rewrite, rephrase, context, locality, earlier, deferral, retention
    }

    /// The probes of one kind.
    public struct Check: Codable, Sendable, Equatable {
        public let kind: Kind
        public let passed: Int
        public let total: Int
        /// The least share that must pass.
        public let threshold: Double
        /// The first probes that failed.
        public let failures: [Failure]

        public init(
            kind: Kind, passed: Int, total: Int, threshold: Double, failures: [Failure]
        ) {
            self.kind = kind
            self.passed = passed
            self.total = total
            self.threshold = threshold
            self.failures = failures
        }

        /// Nothing asked is nothing failed.
        public var isMet: Bool { Double(passed) >= threshold * Double(total) }
    }

    /// A probe that failed.
    public struct Failure: Codable, Sendable, Equatable {
        /// The edit it is about; absent for text of the model's own.
        public let edit: String?
        public let prompt: String
        public let expected: String
        public let got: String

        public init(edit: String?, prompt: String, expected: String, got: String) {
            self.edit = edit
            self.prompt = prompt
            self.expected = expected
            self.got = got
        }
    }

    public let checks: [Check]
    /// Seconds that probing took.
    public let seconds: Double

    public init(checks: [Check], seconds: Double) {
        self.checks = checks
        self.seconds = seconds
    }

    public var isPassed: Bool { checks.allSatisfy(\.isMet) }

    /// One sentence about the first check that is not met: the probe, what was expected, what came.
    public var complaint: String? {
        guard let check = checks.first(where: { !$0.isMet }) else { return nil }
        let share = "\(check.passed) of \(check.total) \(check.kind.rawValue) probes passed"
        let least = "at least \(Int((check.threshold * 100).rounded())) % must"
        guard let failure = check.failures.first else { return "\(share), \(least)" }
        return "\(share), \(least): “\(failure.prompt)” should give “\(failure.expected)”, "
            + "got “\(failure.got)”"
    }
}

extension GateConfiguration {
    /// This gate with some keys set from text, as a command line has them.
    ///
    /// - Throws: `EditError` that names the key: unknown, of the wrong kind, or out of range.
    public func replacing(_ values: [String: String]) throws -> GateConfiguration {
        let encoded = try JSONSerialization.jsonObject(with: JSONEncoder().encode(self))
        var object = encoded as? [String: Any] ?? [:]
        for (key, text) in values {
            guard object[key] != nil else {
                throw EditError(unknown(key, among: object.keys.sorted(), what: "gate key"))
            }
            object[key] = try? JSONSerialization.jsonObject(
                with: Data(text.utf8), options: .fragmentsAllowed)
        }
        do {
            let data = try JSONSerialization.data(withJSONObject: object)
            let gate = try JSONDecoder().decode(GateConfiguration.self, from: data)
            try gate.validate()
            return gate
        } catch let error as DecodingError {
            throw EditError("The gate cannot be read: \(sentence(for: error)).")
        }
    }
}
