import LanguageModels
import Torch

// Sizes: B rows, T tokens, d width of the residual stream, k experts a row.

/// Experts beside one frozen MLP, with the routes of one batch fixed:
/// output = base + λ · Σ gate · expert(x), where x is what the MLP reads.
///
/// A row keeps its experts for every token of the prompt and after it.
struct ExpertBypass: JoiningAdaptation {
    let site: Site
    let experts: [Expert]
    /// The experts of each row, best first: k lists of B.
    let choices: [[Int]]
    /// How much each of them counts, λ already in it: float32 [B, k].
    let gates: Tensor
    /// Rows that go through experts at all, bool [B]; nil when all do.
    let scope: Tensor?

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        let x = try input.to(.float32)  // [B, T, d]
        var edited = base
        for (rank, choice) in choices.enumerated() {
            let gate = try gates.at(dim: 1, index: rank).reshaped([-1, 1, 1])
            let change = try experts.applied(to: x, choosing: choice) * gate
            edited = try edited + change.to(base.dtype)
        }
        // Deferred rows are selected, not multiplied by zero: they stay what they were, bit for bit.
        return try scope.map {
            try Tensor.choose(where: $0.reshaped([-1, 1, 1]), edited, else: base)
        } ?? edited
    }
}

extension ExpertBypass {
    var origin: ObjectIdentifier { ObjectIdentifier(experts.last!.maps["contraction"]!.weight) }

    static func joined(_ parts: [ExpertBypass]) throws -> ExpertBypass {
        try ExpertBypass(
            site: parts[0].site, experts: parts[0].experts,
            choices: parts[0].choices.indices.map { rank in parts.flatMap { $0.choices[rank] } },
            gates: .concatenated(parts.map(\.gates), dim: 0),
            scope: joinedScopes(parts.map(\.scope), device: parts[0].gates.device))
    }
}
