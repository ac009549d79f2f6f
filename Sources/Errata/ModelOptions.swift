/// How a base model is loaded and computed.
public struct ModelOptions: Codable, Sendable, Equatable {
    /// What the base computes in: `f32`, `bf16`, or `auto`, which is bf16 from a billion parameters
    /// on, where it halves the memory and costs no measurable accuracy, and f32 below.
    public var dtype = "auto"
    /// Where: `cpu`, `cuda:0`, `mps`.
    public var device = "cpu"
    /// Threads of one operation; absent for all cores.
    public var threads: Int?
    /// Seeds everything that is drawn at random.
    public var seed: UInt64 = 1
    /// How long to wait for another process that is editing the same model.
    public var waitSeconds = 0.0
    /// How many versions can be asked by their number, the current one among them; each keeps what
    /// was learned by then in memory.
    public var keptVersions = 1
    /// Whether learning leaves the cores to those who are being answered meanwhile.
    public var givesWay = false

    /// The defaults.
    public init() {}
}
