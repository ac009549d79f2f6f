/// How a log's model is edited: everything beside the edits that its state follows from, and what
/// an edit must pass.
///
/// The first event of a log has one. Later ones may change `gate` and `conflicts`; the rest is
/// fixed, since the state of every version follows from it.
public struct LogConfiguration: Codable, Sendable, Equatable {
    /// SHA-256 of the base model's configuration and weights.
    public var baseDigest: String
    /// SHA-256 of its tokenizer and chat template; absent in logs of before it was kept.
    public var tokenizerDigest: String?
    /// The method, as `MethodInfo` lists it.
    public var method: String
    /// Its recipe as JSON.
    public var recipe: String
    /// Seeds everything that is drawn at random.
    public var seed: UInt64
    /// How it is computed.
    public var numerics: Numerics
    /// What an edit must pass before it goes live.
    public var gate: GateConfiguration
    /// What happens to an edit that contradicts a live one.
    public var conflicts: ConflictPolicy

    /// What decides the last bits of a result beside the recipe.
    public struct Numerics: Codable, Sendable, Equatable {
        /// What the base computes in: `f32`, `bf16`.
        public var dtype: String
        /// Where: `cpu`, `cuda:0`.
        public var device: String
        /// Threads of one operation while learning.
        public var threads: Int
        /// The engine that learned: `libtorch 2.13.0`.
        public var engine: String

        public init(dtype: String, device: String, threads: Int, engine: String) {
            self.dtype = dtype
            self.device = device
            self.threads = threads
            self.engine = engine
        }
    }

    public init(
        baseDigest: String, tokenizerDigest: String? = nil, method: String, recipe: String,
        seed: UInt64, numerics: Numerics, gate: GateConfiguration = GateConfiguration(),
        conflicts: ConflictPolicy = .supersede
    ) {
        self.baseDigest = baseDigest
        self.tokenizerDigest = tokenizerDigest
        self.method = method
        self.recipe = recipe
        self.seed = seed
        self.numerics = numerics
        self.gate = gate
        self.conflicts = conflicts
    }
}

/// What happens to an edit that contradicts a live one.
public enum ConflictPolicy: String, Codable, Sendable, CaseIterable {
    /// The whole transaction is refused, with both edits named.
    case reject
    /// The earlier edit holds no more; it comes back when the later one is undone. What says the
    /// same as a live edit is left out.
    case supersede
    /// Both stay, and the method makes of it what it can.
    case keepBoth = "keep-both"
}
