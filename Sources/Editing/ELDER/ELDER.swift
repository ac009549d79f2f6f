package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, T tokens, D width, N target tokens, V vocabulary, L adapted layers, E experts a
// layer, d width of the query.

/// Lifelong editing with a mixture of LoRAs (ELDER, arXiv 2408.11869).
///
/// Each of L feed-forward layers near the top holds E small LoRAs. From the hidden state at the end
/// of a prompt, the *query*, routers choose k of them per layer. Edits with one answer are pulled
/// towards one pre-assigned choice, and a prompt unlike that of every edit is *deferred*: it is
/// answered by the unedited model, bit for bit.
///
/// The three functions below are the method; `Router`, `MixtureOfLoRA`, `EditMemory` its parts.
package struct ELDER: EditingMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: ELDERConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    /// What is trained.
    let router: Router
    let layers: [LoRALayer]  // L of them
    /// Which answer has which pre-assigned experts, and every row that was learned.
    var allocator: CodeAllocator
    var memory: EditMemory
    /// Finds the stored prompt that a prompt rephrases; nil before the first edit, and without use
    /// where codes decide.
    var gate: MatchGate?

    /// Teaches new rows, beside rows learned before where the recipe rehearses, and returns the loss
    /// of each step.
    mutating func teach(_ new: [EditRow]) throws -> [Double] {
        var optimizer = Adam(parameters: trained, learningRate: config.learningRate)
        var losses: [Double] = []
        var round: Round
        repeat {
            // Every round rehearses other rows, and ends the batch when it finds all of them known.
            let rows = new + memory.sample(config.replayRows, beside: new)
            let batch = try EditBatch(rows, model: model, tokenizer: tokenizer)
            let steps = losses.count..<min(losses.count + roundSteps, config.steps)
            round = try train(
                batch, towards: assignedCodes(rows), steps: steps, optimizer: &optimizer)
            losses += round.losses
        } while !round.isLearned && losses.count < config.steps
        try remember(new, after: round)
        return losses
    }

    /// Takes some steps on one batch.
    ///
    /// - Parameter assigned: the pre-assigned experts of each row; empty where there are none.
    func train(
        _ batch: EditBatch, towards assigned: [RouteCode], steps: Range<Int>,
        optimizer: inout Adam
    ) throws -> Round {
        let allocation = try oneHot(assigned)  // [B, L, E]
        // Below the seam nothing is trained, so one pass serves all steps.
        let prefix = try model.prefix(batch.tokens, upTo: seam, taps: taps)
        let query = try query(prefix, promptLengths: batch.promptLengths)  // [B, d]
        var round = Round(query: query, assigned: assigned)

        for step in steps {
            let (hidden, routes) = try pass(
                prefix, of: batch, query: query, assigned: allocation)  // [N, D]
            // As released, the codes of a batch are those its last step began with.
            round.routes = routes
            let logits = try model.logits(hidden)  // [N, V]
            round.isLearned = try isLearned(logits, labels: batch.labels, step: step)
            if round.isLearned { break }

            let loss =
                try Tensor.crossEntropy(logits, labels: batch.labels)
                + guidance(routes, towards: allocation)
            try loss.backward()
            optimizer.learningRate = config.learningRate(atStep: step)
            try optimizer.step()
            round.losses.append(try loss.item())
        }
        return round
    }

    /// Decides from the prompts alone which of them an edit covers, and fixes their routes.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        let query = try query(prefix, promptLengths: prompts.map(\.count))  // [B, d]
        let own = try routes(prefix, query: query, promptLengths: prompts.map(\.count))
        let codes = try own.codes()
        let scopes = try scopes(prompts, query: query, codes: codes)
        guard scopes.contains(where: \.isEdited) else {
            return Decision(adaptation: nil, traces: traces(scopes, codes: codes))
        }
        let scope = try Tensor(
            scopes.map(\.isEdited), shape: [scopes.count], device: model.device)
        let ways = try ways(query, routes: own, codes: codes, scopes: scopes)
        return Decision(
            adaptation: try mixture(ways.weights, scope: scope),
            traces: traces(scopes, codes: ways.codes))
    }
}
