package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: L adapted layers, E experts a layer, r rank, d width of the query.

extension ELDER {
    /// An editor that has learned nothing yet: it changes nothing, since every B is zero.
    ///
    /// A starts uniform in ±1/√r, far above a textbook LoRA's ±1/√in: the released code draws it on
    /// the transposed layout, and the published learning rate is tied to that.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: ELDERConfig, seed: UInt64
    ) throws {
        try config.validate(againstBlocks: model.configuration.blocks)
        let site = Site(block: config.firstBlock, part: config.part.site)
        let (width, output) = (
            model.configuration.inputWidth(of: site), model.configuration.outputWidth(of: site)
        )
        var seeds = SplitMix64(seed: seed)
        func uniform(_ shape: [Int], bound: Double) throws -> Tensor {
            try Tensor.uniform(
                shape, low: -bound, high: bound, seed: seeds.next(), device: model.device
            ).requireGradient()
        }
        let (experts, rank) = (config.experts, config.rank)
        let layers = try (0..<config.layers).map { _ in
            LoRALayer(
                a: try uniform(
                    [experts, width, rank],
                    bound: config.initialScale / Double(rank).squareRoot()),
                b: try Tensor.zeros([experts, rank, output], device: model.device)
                    .requireGradient())
        }
        let bound = 1 / Double(width).squareRoot()
        let router = Router(
            weight: try uniform([config.layers, experts, width], bound: bound),
            bias: try uniform([config.layers, experts], bound: bound))
        self.init(
            model: model, tokenizer: tokenizer, config: config, seed: seed, router: router,
            layers: layers,
            allocator: CodeAllocator(
                layers: config.layers, experts: experts, active: config.active,
                seed: seeds.next()),
            memory: EditMemory(seed: seeds.next()), gate: nil)
    }

    package var trainableParameters: Int { trained.reduce(0) { $0 + $1.count } }

    /// Different allocation codes among the stored rows.
    package var distinctCodes: Int { memory.codes.distinctCount }

    /// How many codes there are.
    package var possibleCodes: Double { allocator.capacity }

    /// Pairs of different facts whose rows have one code.
    package var collisions: Int {
        var facts: [RouteCode: Set<String>] = [:]
        for (place, row) in memory.rows.enumerated() {
            facts[memory.codes[place], default: []].insert(row.factKey)
        }
        return facts.values.reduce(0) { $0 + $1.count * ($1.count - 1) / 2 }
    }

    package var storedBytes: StoredBytes {
        StoredBytes(
            constant: tensors.reduce(0) { $0 + $1.byteCount } + (gate?.byteCount ?? 0),
            growing: memory.byteCount)
    }

    package func state() throws -> MethodState {
        var tensors = ["router.weight": router.weight, "router.bias": router.bias]
        for (index, layer) in layers.enumerated() {
            tensors["layers.\(index).a"] = layer.a
            tensors["layers.\(index).b"] = layer.b
        }
        tensors["memory.queries"] = memory.queries
        tensors["gate.center"] = gate?.center
        tensors["gate.samples"] = gate?.samples
        let rest = Rest(
            config: config, seed: seed, allocator: allocator, rows: memory.rows,
            codes: memory.codes, random: memory.random, words: gate?.words)
        return try MethodState(tensors: tensors, rest: rest)
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` or `TorchError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        let config = rest.config
        try config.validate(againstBlocks: model.configuration.blocks)
        let site = Site(block: config.firstBlock, part: config.part.site)
        let (width, output) = (
            model.configuration.inputWidth(of: site), model.configuration.outputWidth(of: site)
        )
        func tensor(_ name: String, _ shape: [Int?]) throws -> Tensor {
            try state.tensor(name, shape, on: model.device)
        }
        let layers = try (0..<config.layers).map {
            LoRALayer(
                a: try tensor("layers.\($0).a", [config.experts, width, config.rank])
                    .requireGradient(),
                b: try tensor("layers.\($0).b", [config.experts, config.rank, output])
                    .requireGradient())
        }
        let router = Router(
            weight: try tensor("router.weight", [config.layers, config.experts, width])
                .requireGradient(),
            bias: try tensor("router.bias", [config.layers, config.experts]).requireGradient())
        let memory = EditMemory(
            rows: rest.rows, codes: rest.codes,
            queries: rest.rows.isEmpty
                ? nil : try tensor("memory.queries", [rest.rows.count, width]),
            random: rest.random)
        let gate = try rest.words.map {
            try MatchGate(
                config.matchGate, center: tensor("gate.center", [width]),
                samples: tensor("gate.samples", [nil, width]), words: $0, queries: memory.queries)
        }
        self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed,
            router: router, layers: layers, allocator: rest.allocator, memory: memory, gate: gate)
    }
}

/// What of an editor is not a tensor.
private struct Rest: Codable {
    let config: ELDERConfig
    let seed: UInt64
    let allocator: CodeAllocator
    let rows: [EditRow]
    let codes: DeferralIndex
    let random: SplitMix64
    let words: PromptIndex?
}
