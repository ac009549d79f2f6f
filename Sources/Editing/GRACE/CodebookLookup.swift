import Edits
import LanguageModels
import Torch

// Sizes: B rows, T tokens, in and out widths of the map.

/// A codebook at its place in the model, with what the prompts of one batch found there.
struct CodebookLookup: Adaptation {
    let site: Site
    /// The value of each row, float32 [B, out]; any where no position is replaced.
    let values: Tensor
    /// Which positions it takes while the prompt runs, bool [B, T].
    let isReplaced: Tensor
    /// What happens at every token generated after it.
    let later: Later

    enum Later {
        /// The unedited map.
        case unchanged
        /// The value of each row that has one, bool [B].
        case latched(Tensor)
        /// Each token is looked up by itself.
        case askedAgain(Codebook)
    }

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        guard site == self.site else { return base }
        if start == 0 { return try replaced(base, with: values, where: isReplaced) }
        switch later {
        case .unchanged: return base
        case .latched(let rows): return try replaced(base, with: values, where: rows.unsqueezed(1))
        case .askedAgain(let codebook): return try lookedUp(codebook, input: input, base: base)
        }
    }

    private func lookedUp(_ codebook: Codebook, input: Tensor, base: Tensor) throws -> Tensor {
        let last = input.size(1) - 1
        let scopes = try codebook.scopes(input.at(dim: 1, index: last).to(.float32))
        let places = scopes.flatMap { scope in (0...last).map { scope.isEdited && $0 == last } }
        return try replaced(
            base, with: codebook.values(of: scopes),
            where: Tensor(places, shape: [scopes.count, last + 1], device: base.device))
    }

    /// - Parameter places: bool [B, T] or [B, 1].
    private func replaced(
        _ base: Tensor, with values: Tensor, where places: Tensor
    ) throws -> Tensor {
        try Tensor.choose(
            where: places.unsqueezed(-1), values.unsqueezed(1).to(base.dtype), else: base)
    }
}
