package import Edits
package import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, T tokens, N target tokens, V vocabulary.

/// Answering is the same for every method: run the frozen prefix, decide, run the rest.
extension EditingMethod {
    /// Completes each prompt, through the edits only where one covers it.
    ///
    /// Prompts of one length run together; the decision is made once, at the end of the prompt.
    ///
    /// - Parameter cutsLongPrompts: whether a prompt that leaves the answer no room in the model's
    ///   context loses its beginning; it is refused otherwise.
    package func complete(
        _ prompts: [String], options: GenerationOptions, cutsLongPrompts: Bool = false,
        onText: (_ prompt: Int, _ text: String) -> StreamDecision = { _, _ in .more }
    ) throws -> [Completion] {
        let encoded = prompts.map { tokenizer.encode($0) }
        let room = max(1, model.configuration.maximumLength - options.maximumTokens)
        let kept =
            cutsLongPrompts
            ? encoded.map { tokenizer.end(of: $0, within: room) } : encoded
        var completions = try inBatches(kept.map(\.count)) { indices in
            try completeTogether(indices.map { kept[$0] }, options: options) { row, text in
                onText(indices[row], text)
            }
        }
        for index in completions.indices {
            completions[index].cutTokens = encoded[index].count - kept[index].count
        }
        return completions
    }

    /// Teacher-forced: how the model would predict each row's target, edits included.
    package func score(_ rows: [EditRow]) throws -> [TargetScore] {
        let encoded = try rows.encoded(for: model, tokenizer)
        return try inBatches(encoded.map { $0.prompt.count + $0.target.count }) { indices in
            try scoreTogether(EditBatch(indices.map { encoded[$0] }, device: model.device))
        }
    }

    /// Whether the scores of each prompt's next token are, bit for bit, the unedited model's.
    package func isUnchanged(_ prompts: [String]) throws -> [Bool] {
        let encoded = prompts.map { tokenizer.encode($0) }
        return try inBatches(encoded.map(\.count)) { indices in
            let prompts = indices.map { encoded[$0] }
            let batch = try TokenBatch(prompts, device: model.device)
            let prefix = try model.prefix(batch, upTo: seam, taps: taps)
            let decision = try decide(prefix, prompts: prompts)
            let base = try model.logits(model.suffix(prefix).last(of: batch.lengths))
            let edited = try logits(decision, prefix, prompts: prompts, base: base)
            return try indices.indices.map { row in
                try edited.at(dim: 0, index: row).isBitEqual(to: base.at(dim: 0, index: row))
            }
        }
    }

    /// What would be decided for each prompt, without answering it.
    package func traces(_ prompts: [String]) throws -> [RouteTrace] {
        let encoded = prompts.map { tokenizer.encode($0) }
        return try inBatches(encoded.map(\.count)) { indices in
            let prompts = indices.map { encoded[$0] }
            let batch = try TokenBatch(prompts, device: model.device)
            return try decide(model.prefix(batch, upTo: seam, taps: taps), prompts: prompts).traces
        }
    }

    /// The tokens of a row's target, the end mark included.
    package func targetTokens(of row: EditRow) throws -> [Int] {
        try EncodedRow(row, tokenizer: tokenizer, configuration: model.configuration).target
    }

    /// - Throws: `EditError` for an edit whose rows make no sense to the tokenizer or do not fit.
    package func validate(_ edits: [EditRecord]) throws {
        _ = try edits.flatMap(\.rows).encoded(for: model, tokenizer)
    }

    /// The scores of each prompt's next token as decided: [B, V]. A row that gets no context is
    /// what `base` has for it.
    private func logits(
        _ decision: Decision, _ prefix: PrefixActivations, prompts: [[Int]], base: Tensor
    ) throws -> Tensor {
        guard let contexts = decision.contexts else {
            return try model.logits(
                model.suffix(prefix, adaptation: decision.adaptation).last(of: prefix.lengths))
        }
        let rows = try contexts.indices.map { row in
            if contexts[row].isEmpty { return try base.at(dim: 0, index: row) }
            let batch = try TokenBatch([contexts[row] + prompts[row]], device: model.device)
            return try model.logits(model.hidden(batch).last(of: batch.lengths)).squeezed(0)
        }
        return try Tensor.stacked(rows, dim: 0)
    }

    /// Runs `body` over groups of rows of one length, without gradients, and puts the results back
    /// in order. No row is padded, so its numbers do not depend on its company.
    private func inBatches<Result>(
        _ lengths: [Int], _ body: (_ indices: [Int]) throws -> [Result]
    ) throws -> [Result] {
        var results = [Result?](repeating: nil, count: lengths.count)
        let groups = Dictionary(grouping: lengths.indices) { lengths[$0] }
        for length in groups.keys.sorted() {
            for indices in groups[length]!.chunks(of: 32) {
                let group = try withoutGradients { try body(indices) }
                for (index, result) in zip(indices, group) { results[index] = result }
            }
        }
        if lengths.count >= 256 { Engine.releaseFreedMemory() }
        return results.map { $0! }
    }

    private func completeTogether(
        _ prompts: [[Int]], options: GenerationOptions,
        onText: (_ row: Int, _ text: String) -> StreamDecision
    ) throws -> [Completion] {
        var cache: KeyValueCache? = KeyValueCache()
        let batch = try TokenBatch(prompts, device: model.device)
        let prefix = try model.prefix(batch, upTo: seam, taps: taps, cache: &cache)
        let decision = try decide(prefix, prompts: prompts)
        if let contexts = decision.contexts {
            return try prompts.indices.map { row in
                let text = Unedited(model: model, tokenizer: tokenizer)
                return try text.completeTogether([contexts[row] + prompts[row]], options: options) {
                    onText(row, $1)
                }[0].traced(decision.traces[row])
            }
        }
        var decoders = prompts.map { _ in StreamingDecoder(tokenizer) }
        var texts = prompts.map { _ in "" }
        let generations = try model.generate(
            after: prefix, cache: cache!, options: options, adaptation: decision.adaptation
        ) { row, token in
            let text = decoders[row].append(token)
            texts[row] += text
            return text.isEmpty ? .more : onText(row, text)
        }
        return generations.indices.map { row in
            let rest = decoders[row].finish()
            if !rest.isEmpty { _ = onText(row, rest) }
            return Completion(
                text: texts[row] + rest, tokens: generations[row].tokens,
                reason: generations[row].reason, trace: decision.traces[row])
        }
    }

    private func scoreTogether(_ batch: EditBatch) throws -> [TargetScore] {
        var cache: KeyValueCache?
        let prefix = try model.prefix(batch.tokens, upTo: seam, taps: taps, cache: &cache)
        let decision = try decide(prefix, prompts: batch.prompts)
        if let contexts = decision.contexts {
            let base = Unedited(model: model, tokenizer: tokenizer)
            return try contexts.indices.map { row in
                let target = batch.targets[row]
                // A target of any length fits behind its prompt: what is read gives way.
                let prompt = tokenizer.end(
                    of: contexts[row] + batch.prompts[row],
                    within: model.configuration.contextLength - target.count)
                let read = EncodedRow(prompt: prompt, target: target)
                return try base.scoreTogether(EditBatch([read], device: model.device))[0]
                    .traced(decision.traces[row])
            }
        }
        let hidden = try model.suffix(prefix, adaptation: decision.adaptation, cache: &cache)
        let logits = try batch.targetLogits(hidden, model: model)  // [N, V]
        let isRight = try logits.argmax(dim: -1).isEqual(to: batch.labels).bools()
        let likelihood = try logits.logSoftmax(dim: -1)
            .gathered(dim: -1, index: batch.labels.unsqueezed(-1)).floats()
        var start = 0
        return zip(batch.targetLengths, decision.traces).map { length, trace in
            defer { start += length }
            return TargetScore(
                isRight: Array(isRight[start..<start + length]),
                logLikelihoods: likelihood[start..<start + length].map(Double.init),
                trace: trace)
        }
    }
}

extension Tokenizer {
    /// As much of the end of `text` as `room` tokens hold, after what stands before every text.
    func end(of text: [Int], within room: Int) -> [Int] {
        guard text.count > room else { return text }
        let opening = encode("")
        return opening + text.suffix(max(1, room - opening.count))
    }
}

/// What the model said to a prompt, and why.
package struct Completion: Sendable {
    package let text: String
    package let tokens: [Int]
    package let reason: StopReason
    package let trace: RouteTrace
    /// Tokens of the prompt that were left out, from its beginning.
    package var cutTokens = 0
}

extension Completion {
    fileprivate func traced(_ trace: RouteTrace) -> Completion {
        Completion(text: text, tokens: tokens, reason: reason, trace: trace)
    }
}

extension TargetScore {
    fileprivate func traced(_ trace: RouteTrace) -> TargetScore {
        TargetScore(isRight: isRight, logLikelihoods: logLikelihoods, trace: trace)
    }
}

/// How well a target is predicted, token by token, the end mark included.
package struct TargetScore: Sendable {
    /// Whether each is the likeliest.
    package let isRight: [Bool]
    /// The natural logarithm of each one's probability.
    package let logLikelihoods: [Double]
    package let trace: RouteTrace

    /// The natural logarithm of the probability of all of them.
    package var logLikelihood: Double { logLikelihoods.reduce(0, +) }
}
