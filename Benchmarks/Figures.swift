/// One model's figures.
struct ModelFigures: Codable {
    let model: BenchmarkModel
    let title: String
    let parameters: Int
    let dtype: String
    /// What the weights take in that type.
    let weightBytes: Int
    let threads: Int
    let rows: Int
    let tokens: Int
    let firstEdited: Int
    var load: [Double] = []
    var twin: TwinFigures?
    var edits: [EditFigures] = []
    var generation: [GenerationFigures] = []
    var promptTokens = 0
    var generatedTokens = 0
    var nanosecondsPerOperation = 0.0
    var lookUpsPerSecond = 0.0
    var openSeconds = 0.0
}

/// Seconds per edit of one way of editing.
struct EditFigures: Codable {
    let name: String
    let edits: Int
    /// Optimiser steps a batch.
    let stepsPerBatch: Double
    /// Rows a step, those rehearsed included.
    let rowsPerStep: Int
    let perEdit: Elapsed
    let perStep: Elapsed
    /// The most memory of the process until this was done.
    let peakBytes: Int
}

/// What `speed_twin.py` prints, as far as it is wanted here.
struct TwinFigures: Codable {
    let steps: Int
    let secondsPerStep: Double
    let medianStepSeconds: Double?
    let cpuSecondsPerStep: Double
    let loadAverage: Double
    let peakRssBytes: Int
}

/// Tokens per second of one way of answering.
struct GenerationFigures: Codable {
    let name: String
    let tokensPerSecond: Double
    /// How much longer it takes than the unedited model: the median over repetitions, minus one.
    let overhead: Double
}
