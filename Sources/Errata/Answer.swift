public import Edits

/// How answers are generated.
public struct AnswerOptions: Codable, Sendable, Equatable {
    /// The most tokens of an answer.
    public var maximumTokens: Int
    /// 0 takes the likeliest token each time.
    public var temperature: Double
    /// Draw from this many likeliest tokens only; 0 for all.
    public var topK: Int
    /// Draw from the likeliest tokens that together have this probability.
    public var topP: Double
    /// The same seed draws the same answer.
    public var seed: UInt64
    /// Whether a prompt that leaves the answer no room in the model's context loses its beginning; it
    /// is refused otherwise.
    public var cutsLongPrompts = false

    /// Greedy unless told otherwise.
    public init(
        maximumTokens: Int = 32, temperature: Double = 0, topK: Int = 0, topP: Double = 1,
        seed: UInt64 = 0
    ) {
        self.maximumTokens = maximumTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.seed = seed
    }
}

/// What the model said, and why.
public struct Answer: Codable, Sendable, Equatable {
    /// The text after the prompt, as generated.
    public let text: String
    /// Why it ended: `stopToken`, `maximumTokens`, `contextLimit`, `stopSequence`, `interrupted`.
    public let reason: String
    /// Tokens generated.
    public let tokens: Int
    /// Which edit was nearest, how near, what was decided, by whom and in which version.
    public internal(set) var trace: RouteTrace
    /// Tokens cut from the beginning of a prompt too long for the model; absent where none were.
    public let cutTokens: Int?
}

/// One question to the unedited and to the edited model.
public struct Comparison: Codable, Sendable, Equatable {
    public let prompt: String
    /// What the unedited model answers.
    public let before: Answer
    /// What the edited model answers.
    public let after: Answer
    /// The edit that covers the prompt; absent where the unedited model answered.
    public let edit: String?
}

/// How well a target is predicted after a prompt, teacher-forced, the end mark aside: whether the
/// model would also stop there, its greedy answer tells.
public struct ProbeScore: Codable, Sendable, Equatable {
    /// For each token of the target, whether it is the likeliest.
    public let isRight: [Bool]
    /// The natural logarithm of the target's probability.
    public let logLikelihood: Double
    public internal(set) var trace: RouteTrace
}

/// How far a run of edits has come.
public struct EditProgress: Sendable {
    public let edits: Int
    public let totalEdits: Int
    /// Optimiser steps of the latest batch.
    public let steps: Int
    /// The latest batch's last loss.
    public let loss: Double
}

/// What applying edits took.
public struct ApplyReport: Codable, Sendable, Equatable {
    /// One batch of rows, learned together.
    public struct Batch: Codable, Sendable, Equatable {
        /// Edits finished with this batch.
        public let edits: Int
        public let seconds: Double
        /// Seconds of all cores together that the process took meanwhile.
        public let cpuSeconds: Double
        /// Optimiser steps.
        public let steps: Int
    }

    public var edits = 0
    /// Prompts and rephrasings together.
    public let rows: Int
    public var batches: [Batch] = []
    /// Seconds of learning alone.
    public var seconds = 0.0
    /// Seconds of all cores together that the process took meanwhile: what learning costs however
    /// busy the machine is.
    public var cpuSeconds = 0.0
    /// Seconds of what is done once per base model, before the first edit.
    public var preparationSeconds = 0.0
    /// The event of the first edit, which names the transaction; absent where nothing was learned.
    public var transaction: Int?
    /// What the probes found; absent where none were asked.
    public var gate: GateReport?
    /// What the edits met in the log or the calendar.
    public var conflicts: [Conflict] = []
    /// Edits that were not learned, since the log says the same already or they hold no more.
    public var leftOut = 0
    /// Whether the same request was made before, and nothing was done now.
    public var isRepeated = false

    init(of edits: [EditRecord]) {
        rows = edits.reduce(0) { $0 + $1.wordings.count }
    }

    /// Nothing was learned.
    init(leavingOut count: Int, conflicts: [Conflict]) {
        self.init(of: [])
        leftOut = count
        self.conflicts = conflicts
    }

    public var secondsPerEdit: Double { edits == 0 ? 0 : seconds / Double(edits) }
    /// Optimiser steps a batch, on average.
    public var stepsPerBatch: Double {
        batches.isEmpty ? 0 : Double(batches.reduce(0) { $0 + $1.steps }) / Double(batches.count)
    }
}

/// What a model is and what its edits take.
public struct ModelSummary: Codable, Sendable, Equatable {
    public let family: String
    public let blocks: Int
    public let width: Int
    public let parameters: Int
    public let bytes: Int
    public let dtype: String
    public let device: String
    /// As `MethodInfo` lists it: `unedited`, `elder`.
    public let method: String
    /// Numbers that edits train: one set for all of them or, where edits or batches have their own,
    /// all sets so far.
    public let trainableParameters: Int
    /// Bytes of the editor that stay the same however many edits there are.
    public let constantBytes: Int
    /// Bytes of the editor that grow with the edits.
    public let growingBytes: Int
    /// The recipe as JSON.
    public let recipe: String?
    /// The base model's own context, in tokens.
    public let contextLength: Int
}
