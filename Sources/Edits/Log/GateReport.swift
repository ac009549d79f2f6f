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
