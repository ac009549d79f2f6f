package import Torch

/// A language model that predicts the next token: GPT-2 or LLaMA, at rest or cut in two.
///
/// Everything a forward pass learns is an argument or a result; the model itself never changes
/// (unless a trainer moves its parameters). Parameters do not require gradients until someone asks
/// them to.
package final class CausalModel {
    package let configuration: ModelConfiguration
    /// The type weights and activations are computed in.
    package let dtype: DType
    package let device: Device
    /// Every weight with its Hugging Face name, in the order of a forward pass.
    package let parameters: [(name: String, tensor: Tensor)]

    let frame: Frame
    let blocks: [any Block]

    /// Puts a model together from whatever `source` gives for each parameter.
    init(
        _ configuration: ModelConfiguration, dtype: DType, device: Device,
        source: @escaping ParameterList.Source
    ) throws {
        var list = ParameterList(source: source)
        (frame, blocks) = try list.model(configuration)
        parameters = list.all
        self.configuration = configuration
        self.dtype = dtype
        self.device = device
    }

    package var parameterNames: [String] { parameters.map(\.name) }

    /// How many numbers the model has; a tied head counts once.
    package var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

    /// How many bytes its weights take.
    package var byteCount: Int { parameterCount * dtype.byteCount }

    /// The linear map at `site` as the base model has it; a view, not a copy.
    ///
    /// - Throws: `ModelError` for a site the model does not have, or that is no linear map.
    package func linearMap(at site: Site) throws -> LinearMap {
        try configuration.validate(site)
        guard let map = try blocks[site.block].linearMap(site.part) else {
            throw ModelError(
                "A linear map is wanted, but \(site) is a whole MLP; "
                    + "choose its expansion or its contraction.")
        }
        return map
    }

    /// The token embeddings, [V, D]; a view, not a copy.
    package var tokenEmbeddings: Tensor { frame.tokens }

    /// The scores of every token of the vocabulary, in f32: [..., D] to [..., V].
    ///
    /// - Parameter hidden: what `hidden` or `suffix` returned, or some positions of it.
    package func logits(_ hidden: Tensor) throws -> Tensor {
        try hidden.linear(weight: frame.head).to(.float32)
    }

    /// Token embeddings and, where they are learned, position embeddings: [B, T, D].
    func embedded(_ batch: TokenBatch, at placement: Placement) throws -> Tensor {
        let x = try Tensor.embedding(weight: frame.tokens, ids: batch.tokens)
        guard let positions = frame.positions else { return x }
        return try x + Tensor.embedding(weight: positions, ids: placement.positions)
    }

    /// Checks that the model can run `batch` where it stands.
    ///
    /// - Throws: `ModelError` for a row beyond the context and for an unknown token.
    func validate(_ batch: TokenBatch, at arrangement: Arrangement) throws {
        if let longest = arrangement.ends.max(), longest > configuration.maximumLength {
            throw ModelError(
                "The model's context holds \(configuration.maximumLength) tokens, but \(longest) "
                    + "came; shorten the text.")
        }
        guard batch.largest < configuration.vocabularySize else {
            throw ModelError(
                "The model knows \(configuration.vocabularySize) tokens, but id \(batch.largest) "
                    + "came; use the tokenizer that belongs to this model.")
        }
    }
}
