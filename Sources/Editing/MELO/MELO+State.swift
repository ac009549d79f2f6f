import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: N blocks of the bank, P points, C clusters, ρ rank, d width of the queries, in and out
// widths of a map.

extension MELO {
    /// An empty bank.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: MELOConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        self.init(
            model: model, tokenizer: tokenizer, config: config, seed: seed,
            bank: LoRABank(scale: config.blockScale), database: VectorDatabase(),
            radius: config.radius, random: SplitMix64(seed: seed))
    }

    package var trainableParameters: Int {
        bank.blocks.flatMap(\.tensors).reduce(0) { $0 + $1.count }
    }

    package var storedBytes: StoredBytes {
        let clusters = database.clusters
        let keys = clusters.reduce(0) { $0 + ($1.points.count + 1) * $1.center.byteCount }
        let rest = clusters.reduce(0) { $0 + 8 * (1 + $1.label.count + $1.points.count) }
        return StoredBytes(constant: 0, growing: trainableParameters * 4 + keys + rest)
    }

    package func state() throws -> MethodState {
        var tensors: [String: Tensor] = [:]
        for layer in config.sites.indices where !bank.blocks.isEmpty {
            tensors["layers.\(layer).a"] = try .stacked(bank.blocks.map { $0.a[layer] }, dim: 0)
            tensors["layers.\(layer).b"] = try .stacked(bank.blocks.map { $0.b[layer] }, dim: 0)
        }
        let points = database.clusters.flatMap(\.points)
        if !points.isEmpty {
            tensors["points"] = try Tensor.stacked(points.map(\.key), dim: 0)
            tensors["centers"] = try database.centers()
        }
        let rest = Rest(
            config: config, seed: seed, random: random, radius: radius, blocks: bank.blocks.count,
            clusters: database.clusters.map(Rest.Cluster.init))
        return try MethodState(tensors: tensors, rest: rest)
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        try rest.config.validate(for: model.configuration)
        let saved = SavedDatabase(state: state, device: model.device)
        self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed,
            bank: try saved.bank(rest, of: model.configuration),
            database: try saved.database(rest, of: model.configuration), radius: rest.radius,
            random: rest.random)
    }
}

/// Takes a state's tensors apart again.
private struct SavedDatabase {
    let state: MethodState
    let device: Device

    func bank(_ rest: Rest, of model: ModelConfiguration) throws -> LoRABank {
        let (count, rank) = (rest.blocks, rest.config.rank)
        guard count > 0 else { return LoRABank(scale: rest.config.blockScale) }
        let layers = try rest.config.sites.enumerated().map { layer, site in
            (
                a: try rows("layers.\(layer).a", [count, model.inputWidth(of: site), rank]),
                b: try rows("layers.\(layer).b", [count, rank, model.outputWidth(of: site)])
            )
        }
        let blocks = (0..<count).map { block in
            LoRABlock(a: layers.map { $0.a[block] }, b: layers.map { $0.b[block] })
        }
        return LoRABank(blocks: blocks, scale: rest.config.blockScale)
    }

    func database(_ rest: Rest, of model: ModelConfiguration) throws -> VectorDatabase {
        guard !rest.clusters.isEmpty else { return VectorDatabase() }
        let width = model.outputWidth(of: rest.config.querySite)
        let centers = try rows("centers", [rest.clusters.count, width])
        let keys = try rows("points", [rest.clusters.reduce(0) { $0 + $1.points.count }, width])
        var next = 0
        return VectorDatabase(
            clusters: zip(rest.clusters, centers).map { cluster, center in
                let points = cluster.points.map { point in
                    defer { next += 1 }
                    return VectorDatabase.Point(
                        key: keys[next], block: point.block, editID: point.editID)
                }
                return VectorDatabase.Cluster(
                    center: center, radius: cluster.radius, label: cluster.label, points: points)
            })
    }

    /// The tensor `name`, row by row.
    private func rows(_ name: String, _ shape: [Int]) throws -> [Tensor] {
        let tensor = try state.tensor(name, shape, on: device)
        return try (0..<shape[0]).map { try tensor.at(dim: 0, index: $0).copy() }
    }
}

/// What of a bank is not a tensor.
private struct Rest: Codable {
    struct Point: Codable {
        let block: Int?
        let editID: String
    }

    struct Cluster: Codable {
        let radius: Double
        let label: [Int]
        let points: [Point]

        init(_ cluster: VectorDatabase.Cluster) {
            radius = cluster.radius
            label = cluster.label
            points = cluster.points.map { Point(block: $0.block, editID: $0.editID) }
        }
    }

    let config: MELOConfig
    let seed: UInt64
    let random: SplitMix64
    let radius: Double?
    let blocks: Int
    let clusters: [Cluster]
}
