package import Foundation
package import Torch

/// A linear map to stand in a checkpoint for its own.
package struct EditedMap {
    package let site: Site
    package let weight: Tensor  // [out, in]
    /// [out], where the map has one.
    package let bias: Tensor?

    package init(site: Site, weight: Tensor, bias: Tensor?) {
        self.site = site
        self.weight = weight
        self.bias = bias
    }
}

extension CausalModel {
    /// Writes the checkpoint in `source` once more, with some of its linear maps replaced: the same
    /// files, names and types, and all other tensors byte for byte.
    ///
    /// - Parameter dtype: a type for all floating-point tensors instead of each one's own.
    /// - Returns: the types that the replaced tensors are stored in.
    /// - Throws: `ModelError` or `TorchError` naming what is missing, damaged or cannot be written.
    @discardableResult
    package static func rewrite(
        _ source: URL, to target: URL, replacing maps: [EditedMap], dtype: DType? = nil
    ) throws -> Set<DType> {
        let configuration = try Checkpoint.configuration(in: source)
        var replacements = try configuration.tensors(of: maps)
        var (bytes, types) = (0, Set<DType>())
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        for url in try Checkpoint.files(in: source) {
            let file = try SafetensorsFile(url)
            var tensors: [String: Tensor] = [:]
            for name in file.names {
                let own = try file.tensor(named: name)
                let canonical = configuration.family.canonicalName(
                    name, isTied: configuration.isTied)
                let new = canonical.flatMap { replacements.removeValue(forKey: $0) }
                let type = own.dtype.isFloating ? dtype ?? own.dtype : own.dtype
                tensors[name] = try withoutGradients { try (new ?? own).to(type).contiguous() }
                bytes += tensors[name]!.byteCount
                if new != nil || dtype != nil { types.insert(type) }
            }
            try writeSafetensors(
                tensors, metadata: file.metadata,
                to: target.appending(path: url.lastPathComponent))
        }
        guard replacements.isEmpty else {
            throw ModelError(
                "The checkpoint in \(source.path) lacks '\(replacements.keys.sorted()[0])', which "
                    + "was edited; use the checkpoint that the edits were made for.")
        }
        try copyJSON(from: source, to: target, dtype: dtype, bytes: bytes)
        return types.filter(\.isFloating)
    }

    /// The files beside the weights, which say what these are.
    private static func copyJSON(
        from source: URL, to target: URL, dtype: DType?, bytes: Int
    ) throws {
        try copyJSON(Checkpoint.configurationName, from: source, to: target) { object in
            guard let dtype else { return false }
            object["torch_dtype"] = dtype.rawValue
            if object["dtype"] != nil { object["dtype"] = dtype.rawValue }
            return true
        }
        let isSharded =
            try Checkpoint.files(in: source).map(\.lastPathComponent) != [Checkpoint.singleName]
        guard isSharded else { return }
        try copyJSON(Checkpoint.indexName, from: source, to: target) { object in
            guard dtype != nil else { return false }
            var metadata = object["metadata"] as? [String: Any] ?? [:]
            metadata["total_size"] = bytes
            object["metadata"] = metadata
            return true
        }
    }

    /// - Parameter change: whether it changed anything; what is not changed is copied as it stands.
    private static func copyJSON(
        _ name: String, from source: URL, to target: URL,
        change: (inout [String: Any]) -> Bool
    ) throws {
        let original = try Data(contentsOf: source.appending(path: name))
        var object = try JSONSerialization.jsonObject(with: original) as? [String: Any] ?? [:]
        let data =
            change(&object)
            ? try JSONSerialization.data(
                withJSONObject: object,
                options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) : original
        try writeAtomically(to: target.appending(path: name)) { try $0(data) }
    }
}

extension ModelConfiguration {
    /// The tensors of `maps` by their names in a checkpoint, in its layout, on the CPU.
    fileprivate func tensors(of maps: [EditedMap]) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for map in maps {
            let name = moduleName(of: map.site)
            let weight = try map.weight.detached().to(.cpu)
            tensors["\(name).weight"] = try family == .gpt2 ? weight.transposed(0, 1) : weight
            tensors["\(name).bias"] = try map.bias?.detached().to(.cpu)
        }
        return tensors
    }
}
