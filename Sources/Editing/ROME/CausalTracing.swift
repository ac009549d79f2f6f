import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: C noisy copies, T tokens, S tokens of the subject, D width, V vocabulary.

/// Finds the block whose MLPs hold what a model knows of a subject (Meng et al., 2022, section 2).
///
/// Noise on the embeddings of the subject makes the model forget the answer. Then the clean outputs
/// of some neighbouring MLPs are put back at the subject's last token: where that brings back most
/// of the answer, the fact is kept, and there ROME shall write.
package struct CausalTracing: Sendable {
    /// The noise's deviation, in deviations of the token embeddings; published 3.
    package var noise = 3.0
    /// Noisy runs averaged for each prompt; published 10.
    package var copies = 10
    /// Neighbouring MLPs put back together; published 10.
    package var window = 10
    /// Draws the noise.
    package var seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    /// How likely the clean model's answer is, averaged over prompts.
    package struct Curve: Sendable, Equatable {
        /// Nothing disturbed.
        package var clean: Double
        /// The subject disturbed.
        package var corrupted: Double
        /// The subject disturbed and the MLPs around each block put back.
        package var restored: [Double]

        /// The block at the peak, where ROME shall write.
        package var layer: Int { restored.indices.max { restored[$0] < restored[$1] } ?? 0 }
    }

    /// Traces prompts that a model answers by itself.
    ///
    /// - Parameter prompts: each with a subject that it names exactly once.
    /// - Throws: `EditError` for no prompts, and for one without its subject.
    package func trace(
        _ prompts: [(prompt: String, subject: String)], model: CausalModel,
        tokenizer: any Tokenizer
    ) throws -> Curve {
        guard !prompts.isEmpty else {
            throw EditError("expected prompts to trace, got none; give some with their subjects.")
        }
        var seeds = SplitMix64(seed: seed)
        let curves = try prompts.map { prompt, subject in
            let tokens = tokenizer.encode(prompt)
            let places = try tokenizer.places(of: subject, in: prompt, tokens: tokens)
            return try curve(tokens, subject: places, model: model, seed: seeds.next())
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        return Curve(
            clean: mean(curves.map(\.clean)), corrupted: mean(curves.map(\.corrupted)),
            restored: (0..<model.configuration.blocks).map { block in
                mean(curves.map { $0.restored[block] })
            })
    }

    /// Traces one prompt.
    func curve(
        _ tokens: [Int], subject: ClosedRange<Int>, model: CausalModel, seed: UInt64
    ) throws -> Curve {
        try withoutGradients {
            let (odds, outputs) = try cleanRun(tokens, at: subject.upperBound, model: model)
            let answer = try odds.argmax(dim: -1).ints()[0]

            let batch = try TokenBatch(
                Array(repeating: tokens, count: copies), device: model.device)
            let disturbed = try model.prefix(
                batch, upTo: Site(block: 0, part: .expansion),
                addingToEmbeddings: noise(
                    on: subject, of: tokens.count, model: model, seed: seed))
            func probability(_ adaptation: RestoredOutputs?) throws -> Double {
                let hidden = try model.suffix(disturbed, adaptation: adaptation)
                return try model.logits(hidden.last(of: batch.lengths)).softmax(dim: -1)
                    .at(dim: 1, index: answer).mean().item()
            }
            let place = try Tensor(
                tokens.indices.map { $0 == subject.upperBound }, shape: [1, tokens.count, 1],
                device: model.device)
            let restored = try outputs.indices.map { block in
                let first = max(0, block - window / 2)
                let end = min(outputs.count, block + (window + 1) / 2)
                return try probability(
                    RestoredOutputs(blocks: first..<end, outputs: outputs, place: place))
            }
            return Curve(
                clean: try odds.at(dim: 0, index: answer).item(),
                corrupted: try probability(nil), restored: restored)
        }
    }

    /// The odds of the next token [V], and what the MLP of each block gives at `place`, [D] each.
    private func cleanRun(
        _ tokens: [Int], at place: Int, model: CausalModel
    ) throws -> (odds: Tensor, outputs: [Tensor]) {
        let sites = (0..<model.configuration.blocks).map { Site(block: $0, part: .contraction) }
        let batch = try TokenBatch([tokens], device: model.device)
        let prefix = try model.prefix(batch, upTo: sites.last!, taps: sites)
        let outputs = try sites.map { site in
            let map = try model.linearMap(at: site)
            return try prefix.taps[site]!.linear(weight: map.weight, bias: map.bias)
                .at(dim: 0, index: 0).at(dim: 0, index: place)
        }
        let last = try model.suffix(prefix).last(of: batch.lengths)
        return (try model.logits(last).squeezed(0).softmax(dim: -1), outputs)
    }

    /// Normal noise on the subject's tokens and zero elsewhere: [C, T, D].
    private func noise(
        on subject: ClosedRange<Int>, of count: Int, model: CausalModel, seed: UInt64
    ) throws -> Tensor {
        let table = try model.tokenEmbeddings.to(.float32)
        let width = table.size(-1)
        let spread = try (table - table.mean()).pow(2).mean().sqrt().item()
        func zeros(_ tokens: Int) throws -> Tensor {
            try Tensor.zeros([copies, tokens, width], device: model.device)
        }
        return try Tensor.concatenated(
            [
                zeros(subject.lowerBound),
                Tensor.normal(
                    [copies, subject.count, width], deviation: noise * spread, seed: seed,
                    device: model.device),
                zeros(count - subject.upperBound - 1),
            ], dim: 1)
    }
}

/// The outputs of some MLPs given at one token; elsewhere they are what they become.
private struct RestoredOutputs: Adaptation {
    let blocks: Range<Int>
    /// One for each block of the model: [D].
    let outputs: [Tensor]
    /// Where they are put, bool [1, T, 1].
    let place: Tensor

    func adapts(_ site: Site) -> Bool {
        site.part == .contraction && blocks.contains(site.block)
    }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        try Tensor.choose(where: place, outputs[site.block], else: base)
    }
}

extension Tokenizer {
    /// The places of the tokens that hold `subject` in `text`.
    ///
    /// - Throws: `EditError` unless the text names it exactly once.
    fileprivate func places(
        of subject: String, in text: String, tokens: [Int]
    ) throws -> ClosedRange<Int> {
        let found = text.ranges(of: subject)
        guard let range = found.first, found.count == 1, let letter = subject.first,
            let first = place(
                of: text[..<range.lowerBound].utf8.count + letter.utf8.count, in: text,
                tokens: tokens),
            let last = place(of: text[..<range.upperBound].utf8.count, in: text, tokens: tokens)
        else {
            throw EditError(
                "expected the prompt '\(text)' to name its subject exactly once, got "
                    + "'\(subject)'; give another prompt.")
        }
        return first...last
    }
}
