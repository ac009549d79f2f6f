package import Edits
package import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, T tokens, in and out widths of the edited map.

extension GRACE {
    /// The frozen model ends at the edited map, and what enters that is the query.
    package var seam: Site { config.site }
    package var taps: [Site] { [] }

    package mutating func prepare() throws {}

    /// Learns the rows of `edits` one at a time, in their order.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        let encoded = try rows.encoded(for: model, tokenizer)
        try rows.inBatches(of: 1, edits: edits.count, onProgress: onProgress) { places in
            let batch = try EditBatch(places.map { encoded[$0] }, device: model.device)
            let losses = try teach(batch, editID: rows[places[0]].editID, cold: drawn())
            return (losses.count, losses.last)
        }
    }

    /// Trains one value with an Adam of its own, and returns the loss of each step.
    func train(
        _ value: Tensor, through lookup: CodebookLookup, prefix: PrefixActivations,
        batch: EditBatch
    ) throws -> [Double] {
        var optimizer = Adam(parameters: [value], learningRate: config.learningRate)
        var losses: [Double] = []
        for _ in 0..<config.steps {
            let hidden = try model.suffix(prefix, adaptation: lookup, at: batch.positions)
            let loss = try Tensor.crossEntropy(model.logits(hidden), labels: batch.labels)
            let size = try loss.item()
            if let stop = config.stopLoss, size < stop { break }
            try loss.backward()
            try optimizer.step()
            losses.append(size)
        }
        return losses
    }

    /// A cold value: uniform over 0 to 1, [out].
    private mutating func drawn() throws -> Tensor {
        try Tensor.uniform(
            [model.configuration.outputWidth(of: seam)], low: 0, high: 1, seed: random.next(),
            device: model.device)
    }

    var rules: Codebook.Rules {
        Codebook.Rules(
            radius: config.radius, expansion: config.expansion,
            comparison: config.labelComparison, replacesSameKey: config.replacesSameKey)
    }

    /// κ of each row.
    func positions(_ prompts: [[Int]], lengths: [Int]) -> [Int] {
        zip(prompts, lengths).map {
            config.keyPosition.position(prompt: $0.count, length: $1)
        }
    }

    /// Which positions are replaced, bool [B, T].
    ///
    /// - Parameter scopes: which rows have anything replaced; nil: all.
    func replaced(_ keys: [Int], width: Int, scopes: [Scope]? = nil) throws -> Tensor {
        let places = keys.enumerated().flatMap { row, key in
            let range = config.replacement.positions(key: key, width: width)
            return (0..<width).map { (scopes?[row].isEdited ?? true) && range.contains($0) }
        }
        return try Tensor(places, shape: [keys.count, width], device: model.device)
    }

    /// What happens at generated tokens: what would happen if they were part of the row, or, where
    /// routes are not kept, a look-up of each token by itself.
    ///
    /// Such a token is a row of length one with the key at position 0, so that `prompt`, which ends
    /// before the key, replaces nothing.
    func later(_ scopes: [Scope]) throws -> CodebookLookup.Later {
        switch (config.routesOnce, config.replacement) {
        case (_, .prompt), (true, .last): return .unchanged
        case (false, _): return codebook.entries.isEmpty ? .unchanged : .askedAgain(codebook)
        case (true, .all):
            guard scopes.contains(where: \.isEdited) else { return .unchanged }
            return .latched(
                try Tensor(
                    scopes.map(\.isEdited), shape: [scopes.count], device: model.device))
        }
    }
}

extension EditBatch {
    /// The label ids of a batch of one row, −100 over its prompt.
    func maskedLabels() -> [Int] {
        prompts[0].map { _ in -100 } + targets[0]
    }
}

extension Codebook {
    /// The value of each row's nearest entry, [B, out].
    func values(of scopes: [Scope]) throws -> Tensor {
        try Tensor.stacked(scopes.map { values[$0.match?.index ?? 0] }, dim: 0)
    }
}
