/// One model's figures.
struct ModelFigures: Codable {
    let model: BenchmarkModel
    let title: String
    let parameters: Int
    let dtype: String
    /// What the weights take in that type.
    let weightBytes: Int
    let threads: Int
    let tokens: Int
    var load: [Double] = []
    var edits: [EditFigures] = []
    var others: OtherFigures?
}

/// What is measured beside editing.
struct OtherFigures: Codable {
    let generation: [GenerationFigures]
    let promptTokens: Int
    let generatedTokens: Int
    let nanosecondsPerOperation: Double
    let lookUpsPerSecond: Double
    let openSeconds: Double
}

/// Seconds per edit of one way of editing.
struct EditFigures: Codable {
    let name: String
    let method: String
    /// Whether the recipe is the one that the twin follows.
    let isPublished: Bool
    let edits: Int
    /// New rows a batch.
    let batchRows: Int
    /// Rows a step, those rehearsed included.
    let rowsPerStep: Int
    /// Optimiser steps for all of the edits.
    let steps: Int
    let perEdit: Elapsed
    /// Nil for a method that takes no steps.
    let perStep: Elapsed?
    let trainedParameters: Int
    /// The most memory of the process until this was done.
    let peakBytes: Int
    var twin: TwinFigures?

    var stepsPerEdit: Double { Double(steps) / Double(edits) }

    /// What an edit costs the twin: its steps for as many edits, or one whole forward pass where the
    /// method takes none.
    var twinPerEdit: Elapsed? {
        let steps = steps > 0 ? stepsPerEdit : 1
        return twin.map {
            Elapsed(wall: $0.secondsPerStep * steps, cpu: $0.cpuSecondsPerStep * steps)
        }
    }
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
