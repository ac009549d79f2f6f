import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, T tokens, N target tokens, V vocabulary, in and out widths of the edited map.

/// Lifelong editing with a codebook (GRACE, Hartvigsen et al., 2023, arXiv 2211.11031).
///
/// One linear map near the top gets a codebook: keys are what entered it when an edit was learned,
/// values what it shall give instead of its own output. A prompt whose query is within the radius of
/// the nearest key has its output replaced; any other is answered by the unedited model.
package struct GRACE: ConfigurableMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: GRACEConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    var codebook: Codebook
    /// Draws what values start from.
    var random: SplitMix64

    /// Teaches one edit and returns the loss of each step.
    ///
    /// - Parameters:
    ///   - batch: the one row of the edit.
    ///   - cold: what a value starts from that is not to start warm, float32 [out].
    mutating func teach(_ batch: EditBatch, editID: String, cold: Tensor) throws -> [Double] {
        // Below the codebook nothing changes, so one pass serves all steps.
        let prefix = try model.prefix(batch.tokens, upTo: seam)
        let place = positions(batch.prompts, lengths: prefix.lengths)
        let key = try prefix.input.last(of: place.map { $0 + 1 }).to(.float32).squeezed(0)  // [in]
        let start =
            config.start == .cold
            ? cold
            : try prefix.output.last(of: place.map { $0 + 1 }).to(.float32).squeezed(0)  // [out]

        var book = codebook
        let entry = try book.admit(
            key: key, value: start, label: batch.maskedLabels(), editID: editID, rules: rules)
        // Other values would get no gradient and, with fresh moments, no step.
        let value = try book.values[entry].copy().requireGradient()
        let lookup = CodebookLookup(
            site: seam, values: try value.unsqueezed(0),
            isReplaced: try replaced(place, width: prefix.width), later: .unchanged)
        let losses = try train(value, through: lookup, prefix: prefix, batch: batch)
        book.values[entry] = try value.detached()
        codebook = book
        return losses
    }

    /// Decides from the prompts alone which of them an entry reaches.
    ///
    /// As released, a key at the first token of the answer is looked for there where the rows hold
    /// an answer; only a prompt by itself is asked at its end.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        let place = positions(prompts, lengths: prefix.lengths)
        let scopes = try codebook.scopes(prefix.input.last(of: place.map { $0 + 1 }).to(.float32))
        let traces = scopes.map {
            RouteTrace(
                $0, nearestEdit: $0.match.map { codebook.entries[$0.index].editID }, threshold: 1,
                gate: .radius)
        }
        let later = try later(scopes)
        let isLeftAlone = !scopes.contains(where: \.isEdited)
        if isLeftAlone, case .unchanged = later {
            return Decision(adaptation: nil, traces: traces)
        }
        let lookup = CodebookLookup(
            site: seam, values: try codebook.values(of: scopes),
            isReplaced: try replaced(place, width: prefix.width, scopes: scopes), later: later)
        return Decision(adaptation: lookup, traces: traces)
    }
}
