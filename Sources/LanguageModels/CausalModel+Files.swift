package import Foundation
package import Torch

extension CausalModel {
    /// Loads a model from a directory in the Hugging Face layout.
    ///
    /// Weights are converted one by one, so memory peaks at the model's own size.
    ///
    /// - Parameter dtype: what to compute in; nil for f32.
    /// - Throws: `ModelError` or `TorchError` naming the file or tensor that is missing, extra,
    ///   misshaped or damaged, or the architecture that is not known.
    package static func load(
        from directory: URL, dtype: DType? = nil, device: Device = .cpu
    ) throws -> CausalModel {
        let configuration = try Checkpoint.configuration(in: directory)
        let dtype = try computable(dtype ?? .float32)
        try device.requireAvailable()
        let checkpoint = try Checkpoint(
            directory, family: configuration.family, isTied: configuration.isTied)
        let model = try withoutGradients {
            try CausalModel(configuration, dtype: dtype, device: device) {
                try checkpoint.tensor($0, dtype: dtype, device: device)
            }
        }
        try checkpoint.requireNothing(beside: model.parameterNames)
        return model
    }

    /// What the model in a directory is, without its weights.
    package static func configuration(in directory: URL) throws -> ModelConfiguration {
        try Checkpoint.configuration(in: directory)
    }

    /// How many parameters the model in a directory has, by the headers of its files.
    ///
    /// - Throws: as `load` does for files that are missing or damaged.
    package static func parameterCount(in directory: URL) throws -> Int {
        let configuration = try Checkpoint.configuration(in: directory)
        return try Checkpoint(
            directory, family: configuration.family, isTied: configuration.isTied
        ).parameterCount()
    }

    /// Writes a directory that `load` and `transformers` read.
    ///
    /// - Parameters:
    ///   - dtype: what to store the weights in; nil for the model's own type.
    ///   - shardBytes: the size at which another file is begun.
    package func save(
        to directory: URL, dtype: DType? = nil, shardBytes: Int = 5_000_000_000
    ) throws {
        let dtype = dtype ?? self.dtype
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let shards = shards(of: shardBytes, dtype: dtype)
        for (index, shard) in shards.enumerated() {
            var tensors: [String: Tensor] = [:]
            for (name, tensor) in shard {
                tensors[name] = try withoutGradients { try tensor.detached().to(dtype) }
            }
            try writeSafetensors(
                tensors, metadata: ["format": "pt"],
                to: directory.appending(path: Self.shardName(index, of: shards.count)))
        }
        try finish(shards, in: directory, dtype: dtype)
    }

    private typealias Shard = [(name: String, tensor: Tensor)]

    /// The parameters in order, split wherever the next one would pass the limit.
    private func shards(of limit: Int, dtype: DType) -> [Shard] {
        var shards: [Shard] = []
        var room = 0
        for parameter in parameters {
            let bytes = parameter.tensor.count * dtype.byteCount
            if shards.isEmpty || bytes > room {
                shards.append([])
                room = limit
            }
            shards[shards.count - 1].append(parameter)
            room -= bytes
        }
        return shards
    }

    private static func shardName(_ index: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        return count == 1
            ? Checkpoint.singleName
            : "model-\(padded(index + 1))-of-\(padded(count)).safetensors"
    }

    /// Writes the small files, then removes what an earlier save may have left to be found first.
    private func finish(_ shards: [Shard], in directory: URL, dtype: DType) throws {
        let index = directory.appending(path: Checkpoint.indexName)
        var obsolete = index
        if shards.count > 1 {
            obsolete = directory.appending(path: Checkpoint.singleName)
            var map: [String: String] = [:]
            for (number, shard) in shards.enumerated() {
                let file = Self.shardName(number, of: shards.count)
                for (name, _) in shard { map[name] = file }
            }
            let object: [String: Any] = [
                "metadata": ["total_size": parameterCount * dtype.byteCount], "weight_map": map,
            ]
            let json = try JSONSerialization.data(
                withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
            try writeAtomically(to: index) { try $0(json) }
        }
        let json = try configuration.huggingFaceJSON(dtype: dtype)
        try writeAtomically(to: directory.appending(path: Checkpoint.configurationName)) {
            try $0(json)
        }
        try? FileManager.default.removeItem(at: obsolete)
    }

    /// The types a model can be computed in.
    static func computable(_ dtype: DType) throws -> DType {
        guard dtype == .float32 || dtype == .bfloat16 else {
            throw ModelError(
                "A model is computed in f32 or bf16, but \(dtype) was asked for; choose one of "
                    + "the two (files may hold f16).")
        }
        return dtype
    }
}
