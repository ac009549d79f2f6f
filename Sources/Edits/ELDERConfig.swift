/// Every hyper-parameter and switch of ELDER, each with the paper's default.
///
/// `paper(blocks:part:)` is the published method, `default(blocks:part:)` what a user should
/// run.
/// As JSON, `firstBlock`, `queryBlock` and `part` are required; a key left out has the paper's
/// default, an unknown one is refused. Sections refer to the paper (arXiv 2408.11869).
public struct ELDERConfig: Codable, Sendable, Equatable {
    // MARK: Where

    /// First block whose MLP is edited, counted from 0. Paper: 36 in GPT2-XL, 21 in LLaMA2-7B
    /// (App. Training Details).
    public var firstBlock: Int
    /// Number of consecutive blocks edited, L. Paper: 6 (§3.1.4, Fig. 3).
    public var layers = 6
    /// Which linear map of the MLP is edited. Paper: expansion in GPT-2 (`c_fc`), contraction in
    /// LLaMA (`down_proj`).
    public var part: Part
    /// The block whose input to the same map is the query; below every edited block, so that the
    /// query is a constant of prompt and base model. Paper: 35 and 20. With `query` per layer it
    /// serves the match gate alone.
    public var queryBlock: Int
    /// What the routers read. Paper: one query shared by all in the released code, their own
    /// layer's in figure 1.
    public var query = Query.shared

    // MARK: Mixture of LoRAs (§2.2, eq. 1–4)

    /// LoRAs in each edited layer, E (the paper's N). Paper: 4, of {2, 4, 8, 16} (§3.1.4).
    public var experts = 4
    /// LoRAs chosen for a prompt in each layer, k. Paper: 2, of {1, …, 5} (§3.1.4).
    public var active = 2
    /// Rank of each LoRA, r. Paper: 8 (App. Training Details).
    public var rank = 8
    /// LoRA outputs are scaled by alpha / rank. Paper: 8, hence by 1.
    public var alpha = 8.0
    /// A starts uniform in ± initialScale / √rank, B at zero. Paper: 1; the learning rate is tied
    /// to it.
    public var initialScale = 1.0
    /// Whether the k scores are divided by their sum, so that later edits cannot rescale earlier
    /// ones by making the router surer. Paper: no.
    public var renormalisesScores = false

    // MARK: Guidance (§2.3, eq. 5–6)

    /// What trains the routers besides the language-model loss. Paper: the guided loss; load
    /// balancing and nothing are the ablations of Table 4.
    public var guidance = Guidance.allocation
    /// Weight of the guidance loss, λ. Paper: 0.01, of {0.001, …, 10} (Implement Details).
    public var guidanceWeight = 0.01
    /// Which edits share a pre-assigned code. Paper: those with the same label.
    public var allocation = AllocationKey.label
    /// What routes the forward pass in training. Paper: the router's own choice.
    public var trainingRouting = TrainingRouting.router

    // MARK: Training (App. Training Details)

    /// Rows trained together. Paper: 4.
    public var batchSize = 4
    /// Optimiser steps on each batch. Paper: 50.
    public var steps = 50
    /// Adam's step size. Paper: 1e-4, constant.
    public var learningRate = 1e-4
    /// Lowers the step size within a batch; absent means constant. Paper: absent; MELO's scripts:
    /// every 30 steps by a half.
    public var learningRateDecay: Decay? = nil
    /// Stops a batch once every target token is the most likely one; absent means all steps run.
    /// Paper: absent.
    public var earlyStop: EarlyStop? = nil
    /// Rows of earlier edits, drawn at random, that are trained again beside each batch. Paper: 0.
    public var replayRows = 0
    /// Steps after which other rows are drawn. With as many as early stop waits, a batch is done
    /// only when rows it has not just rehearsed are still known.
    public var replaySteps = 5

    // MARK: Deferral (§2.4, Algorithm 1)

    /// What is compared with the stored edits. Paper: the route code.
    public var gate = Gate.code
    /// Code gate: in scope if the nearest stored code differs in strictly fewer bits, ε; 0 defers
    /// always, more than 2·k·L never. Paper: 12, of {0, 6, 12, 18, 24}.
    public var hammingThreshold = 12
    /// Code gate: which codes are stored. Paper (as released): those of the last step, never
    /// refreshed.
    public var codeStorage = CodeStorage.lastStep
    /// Match gate: when a prompt is near enough to a stored one.
    public var matchGate = MatchGate()
    /// What the routes follow. Paper: the prompt's own query.
    public var routeSource = RouteSource.prompt

    /// A configuration for these sites, all else as in the paper.
    ///
    /// - Throws: `EditError` where the sites do not fit; see `validate()`.
    public init(firstBlock: Int, layers: Int = 6, part: Part, queryBlock: Int) throws {
        self.firstBlock = firstBlock
        self.layers = layers
        self.part = part
        self.queryBlock = queryBlock
        try validate()
    }

    /// The blocks that are edited.
    public var blocks: Range<Int> { firstBlock..<firstBlock + layers }

    /// Whether anything trains the routers: not where no route follows them and no guidance pulls
    /// at them.
    public var trainsRouters: Bool { routeSource != .allocation || guidance != .off }

    /// Trained parameters where the edited map goes from `inputWidth` to `outputWidth` and the
    /// query has `queryWidth` values: A, B, and router weights and biases where they are trained.
    public func parameterCount(inputWidth: Int, outputWidth: Int, queryWidth: Int) -> Int {
        let router = trainsRouters ? queryWidth + 1 : 0
        return layers * experts * (rank * (inputWidth + outputWidth) + router)
    }
}

// MARK: - Choices

extension ELDERConfig {
    /// One of the two linear maps of an MLP.
    public enum Part: String, Codable, Sendable, CaseIterable {
        /// The first: GPT-2's `c_fc`, LLaMA's `up_proj`.
        case expansion
        /// The last: GPT-2's `c_proj`, LLaMA's `down_proj`.
        case contraction
    }

    /// What the routers read of a prompt.
    public enum Query: String, Codable, Sendable, CaseIterable {
        /// One vector for all, taken below every edited layer: all routes are known before any
        /// edited layer runs.
        case shared
        /// Each its own map's input at the prompt's last token, which depends on the edited layers
        /// below.
        case perLayer
    }

    /// What trains the routers besides the language-model loss.
    public enum Guidance: String, Codable, Sendable, CaseIterable {
        /// Cross-entropy towards the pre-assigned code (eq. 5).
        case allocation
        /// The Switch Transformer's load-balancing loss.
        case loadBalancing
        /// Nothing.
        case off
    }

    /// Which edits share a pre-assigned code.
    public enum AllocationKey: String, Codable, Sendable, CaseIterable {
        /// Those with the same target.
        case label
        /// Those about the same fact; see `EditRecord.factKey`.
        case fact
        /// None: there are no pre-assigned codes.
        case unassigned
    }

    /// What routes the forward pass in training.
    public enum TrainingRouting: String, Codable, Sendable, CaseIterable {
        /// The router's own k best; the pre-assigned code only enters the loss (“soft”).
        case router
        /// The pre-assigned code, weighted by its scores (“hard”).
        case allocation
    }

    /// Which codes the code gate stores.
    public enum CodeStorage: String, Codable, Sendable, CaseIterable {
        /// The router's, before the last step's update, and never again.
        case lastStep
        /// Recomputed from cached queries whenever the routers have changed.
        case refreshed
        /// The pre-assigned ones.
        case allocation
    }

    /// What decides whether an edit covers a prompt.
    public enum Gate: String, Codable, Sendable, CaseIterable {
        /// The Hamming distance of route codes.
        case code
        /// How much of a stored prompt's words the prompt covers, and how alike their queries are.
        case match
    }

    /// What the routes follow.
    public enum RouteSource: String, Codable, Sendable, CaseIterable {
        /// The prompt's own.
        case prompt
        /// That of the stored prompt it matched, so that every wording takes the edit's own route;
        /// needs the match gate.
        case match
        /// Nobody's: a matched prompt takes the edit's pre-assigned experts, each with weight 1/k,
        /// in training as in answering. Nothing that is learned later moves a route.
        case allocation
    }

    /// When the match gate takes a prompt to be covered.
    ///
    /// Words tell subjects apart, which the model's hidden states hardly do; the query tells
    /// relations and kinds of text apart, which words hardly do. Both must be near.
    public struct MatchGate: Codable, Sendable, Equatable {
        /// The least share of a stored prompt's weighted words that the prompt must have; absent
        /// for a share that rises with the number of stored prompts, from 0.5 at 100 by 0.1 for
        /// each factor of ten, to 0.7 at most.
        public var coverage: Double?
        /// The least centred cosine of the queries; absent for the one that few pairs of a text
        /// sampled from the base model and a stored prompt reach.
        public var cosine: Double?
        /// Texts sampled from the base model, once, to learn what its text is like.
        public var samples: Int

        /// A gate that calibrates what is absent.
        public init(coverage: Double? = nil, cosine: Double? = nil, samples: Int = 512) {
            self.coverage = coverage
            self.cosine = cosine
            self.samples = samples
        }
    }

    /// When a batch counts as learned.
    public struct EarlyStop: Codable, Sendable, Equatable {
        /// Look after every so many steps.
        public var every: Int
        /// By how much each target token's logit must lead the next best.
        public var margin: Double

        /// A check after every `every` steps for a lead of `margin`.
        public init(every: Int = 5, margin: Double = 0) {
            self.every = every
            self.margin = margin
        }
    }

    /// A learning rate that falls in stairs.
    public struct Decay: Codable, Sendable, Equatable {
        /// Steps between two stairs.
        public var every: Int
        /// What the rate is multiplied by at each.
        public var factor: Double

        /// Multiplies by `factor` after every `every` steps.
        public init(every: Int = 30, factor: Double = 0.5) {
            self.every = every
            self.factor = factor
        }
    }
}
