import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: E experts, n rows, d width of the residual stream, b inner width of the projection.

extension LEMoE {
    /// An editor that has learned nothing yet, and has no expert.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: LEMoEConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        var random = SplitMix64(seed: seed)
        let projections =
            config.projection.isShared
            ? [
                try ValueProjection(
                    width: model.configuration.width, bottleneck: config.bottleneck,
                    device: model.device, random: &random)
            ] : []
        self.init(
            model: model, tokenizer: tokenizer, config: config, seed: seed,
            router: KeyValueRouter(projections: projections, keys: []), random: random)
    }

    /// The experts, and of what routes to them all that is trained.
    package var trainableParameters: Int {
        let experts = experts.reduce(0) { $0 + $1.parameterCount }
        let keys = router.keys.reduce(0) { $0 + $1.count }
        let projections = router.projections.reduce(0) { $0 + $1.down.count + $1.up.count }
        return experts + (config.projection.trainsKeys ? keys : 0)
            + (config.projection.trainsProjection ? projections : 0)
    }

    package var storedBytes: StoredBytes {
        let shared = config.projection.isShared ? projectionBytes : 0
        let experts = experts.flatMap(\.tensors).reduce(0) { $0 + $1.tensor.byteCount }
        let keys = router.keys.reduce(0) { $0 + $1.byteCount }
        return StoredBytes(
            constant: shared,
            growing: experts + keys + projectionBytes - shared + memory.byteCount
                + subjects.byteCount)
    }

    private var projectionBytes: Int {
        router.projections.reduce(0) { $0 + $1.down.byteCount + $1.up.byteCount }
    }

    package func state() throws -> MethodState {
        var tensors: [String: Tensor] = [:]
        for (index, expert) in experts.enumerated() {
            for (name, tensor) in expert.tensors { tensors["experts.\(index).\(name)"] = tensor }
            tensors["keys.\(index)"] = router.keys[index]
        }
        for (index, projection) in router.projections.enumerated() {
            tensors["projections.\(index).down"] = projection.down
            tensors["projections.\(index).up"] = projection.up
        }
        tensors["memory.embeddings"] = memory.embeddings
        let rest = Rest(
            config: config, seed: seed, experts: experts.count, rows: memory.rows,
            subjects: subjects, random: random)
        return try MethodState(tensors: tensors, rest: rest)
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        let config = rest.config
        try config.validate(for: model.configuration)
        func saved(_ name: String, _ shape: [Int]) throws -> Tensor {
            try state.tensor(name, shape, on: model.device)
        }
        let (d, b) = (model.configuration.width, config.bottleneck)
        let shapes = Dictionary(
            uniqueKeysWithValues: Expert.shapes(
                width: config.expertWidth, of: model.configuration))
        let projections =
            config.projection.isShared ? 1 : config.projection == .perExpert ? rest.experts : 0
        self.init(
            model: model, tokenizer: tokenizer, config: config, seed: rest.seed,
            experts: try (0..<rest.experts).map { index in
                try Expert(width: config.expertWidth, of: model.configuration) {
                    try saved("experts.\(index).\($0)", shapes[$0]!)
                }
            },
            router: KeyValueRouter(
                projections: try (0..<projections).map {
                    ValueProjection(
                        down: try saved("projections.\($0).down", [b, d]),
                        up: try saved("projections.\($0).up", [d, b]))
                },
                keys: try (0..<rest.experts).map { try saved("keys.\($0)", [d]) }),
            memory: RouteMemory(
                rows: rest.rows,
                embeddings: rest.rows.isEmpty
                    ? nil : try saved("memory.embeddings", [rest.rows.count, d])),
            subjects: rest.subjects, random: rest.random)
    }
}

/// What of an editor is not a tensor.
private struct Rest: Codable {
    let config: LEMoEConfig
    let seed: UInt64
    let experts: Int
    let rows: [RouteMemory.Row]
    let subjects: SubjectIndex
    let random: SplitMix64
}
