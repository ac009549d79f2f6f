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
/// The two functions below are the method; `Router`, `MixtureOfLoRA` and `EditMemory` are its parts.
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

    /// Teaches one batch, of which the first rows are `new`, and returns the loss of each step.
    ///
    /// - Parameter assigned: the experts that guidance pulls each row to; empty without guidance.
    mutating func train(
        _ batch: EditBatch, towards assigned: [RouteCode], new: [EditRow]
    ) throws -> [Double] {
        let allocation = try oneHot(assigned)  // [B, L, E]
        // Below the seam nothing is trained, so one pass serves all steps.
        let prefix = try model.prefix(batch.tokens, upTo: seam, taps: taps)
        let query = try query(prefix, promptLengths: batch.promptLengths)  // [B, d]
        var optimizer = Adam(parameters: trained, learningRate: config.learningRate)
        var losses: [Double] = []
        var routes = try router.routes(query, active: config.active)

        for step in 0..<config.steps {
            if step > 0 { routes = try router.routes(query, active: config.active) }
            let mixture = try mixture(routes, forcing: allocation)
            let hidden = try model.suffix(
                prefix, adaptation: mixture, at: batch.positions)  // [N, D]
            let logits = try model.logits(hidden)  // [N, V]
            if try isLearned(logits, labels: batch.labels, step: step) { break }

            let loss = try Tensor.crossEntropy(logits, labels: batch.labels)
                + guidance(routes, towards: allocation)
            try loss.backward()
            optimizer.learningRate = config.learningRate(atStep: step)
            try optimizer.step()
            losses.append(try loss.item())
        }
        // As released, the codes are those the last step began with.
        try remember(new, query: query, routes: routes, assigned: assigned)
        return losses
    }

    /// Decides from the prompts alone which of them an edit covers, and fixes their routes.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        let query = try query(prefix, promptLengths: prompts.map(\.count))  // [B, d]
        let own = try router.routes(query, active: config.active)
        let scopes = try scopes(prompts, query: query, routes: own)
        let traces = try traces(scopes, routes: own)
        guard scopes.contains(where: \.isEdited) else {
            return Decision(adaptation: nil, traces: traces)
        }
        let routes = try router.routes(routed(query, by: scopes), active: config.active)
        let scope = try Tensor(
            scopes.map(\.isEdited), shape: [scopes.count], device: model.device)
        return Decision(adaptation: try mixture(routes, scope: scope), traces: traces)
    }
}
