import Foundation
import LanguageModels
import Torch

/// The models that are timed.
enum BenchmarkModel: String, Codable, CaseIterable {
    /// A trained checkpoint where one is at hand.
    case small
    /// GPT2-XL's dimensions, in bf16; time does not depend on what the weights are.
    case xl

    /// Where trained checkpoints may be, best first.
    private static let directories = ["../shared/models/facts-gpt2", "Models/world-gpt2"]

    /// The checkpoint, for the small model only and only where there is one.
    var directory: URL? {
        guard self == .small else { return nil }
        return Self.directories.map { URL(filePath: $0) }.first {
            FileManager.default.fileExists(atPath: $0.appending(path: "model.safetensors").path)
        }
    }

    /// What the twin calls these dimensions.
    var twinDimensions: String {
        switch self {
        case .small: directory?.path ?? "small"
        case .xl: "gpt2-xl"
        }
    }

    /// Enough of the twin's steps for a steady figure.
    var twinSteps: Int { self == .small ? 20 : 4 }

    /// What the product itself would compute in.
    var dtype: DType { self == .small ? .float32 : .bfloat16 }

    func load() throws -> CausalModel {
        if let directory { return try .load(from: directory, dtype: dtype) }
        let dimensions =
            self == .small
            ? ModelConfiguration.gpt2(width: 768, blocks: 12, heads: 12)
            : ModelConfiguration.gpt2(width: 1600, blocks: 48, heads: 25)
        return try .random(dimensions, seed: 1, dtype: dtype)
    }

    /// What the table calls it.
    var title: String {
        switch self {
        case .small: directory.map { "\($0.lastPathComponent), trained" } ?? "small GPT-2, random"
        case .xl: "GPT2-XL's dimensions, random weights"
        }
    }
}
