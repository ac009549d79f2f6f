import Edits
package import LanguageModels
import Torch

// Sizes: r rank, in and out widths of a map.

/// A method that changes the same linear maps whatever is asked: what it does can be written into
/// the weights.
package protocol MapEditing: EditingMethod {
    /// The maps as edited, in float32; none before the first edit.
    func editedMaps() throws -> [EditedMap]
}

extension ROME: MapEditing {
    package func editedMaps() throws -> [EditedMap] {
        map.map { [EditedMap(site: $0.site, weight: $0.weight, bias: $0.bias)] } ?? []
    }
}

extension FineTuning: MapEditing {
    package func editedMaps() throws -> [EditedMap] {
        map.map { [EditedMap(site: $0.site, weight: $0.weight, bias: $0.bias)] } ?? []
    }
}

extension LoRA: MapEditing {
    package func editedMaps() throws -> [EditedMap] {
        guard learnedRows > 0 else { return [] }
        let scale = config.alpha / Double(config.rank)
        return try withoutGradients {
            try zip(sites, maps).map { site, map in
                let base = try model.linearMap(at: site)
                let change = try map.a.matmul(map.b).transposed(0, 1) * scale  // [out, in]
                return EditedMap(
                    site: site, weight: try base.weight.to(.float32) + change,
                    bias: try base.bias?.to(.float32))
            }
        }
    }
}
