import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

/// The checkpoints that `reference/transformers_parity.py --fixtures` wrote.
enum TinyModel: String, CaseIterable, CustomTestStringConvertible {
    case gpt2 = "tiny-gpt2"
    case llama = "tiny-llama"

    var testDescription: String { rawValue }

    var directory: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(rawValue)")
    }

    func load(dtype: DType = .float32) throws -> CausalModel {
        try CausalModel.load(from: directory, dtype: dtype)
    }

    /// What `transformers` made of two rows.
    func recorded(_ name: String) throws -> Tensor {
        try SafetensorsFile(directory.appending(path: "recorded.safetensors")).tensor(named: name)
    }

    func rows() throws -> [[Int]] {
        try (0..<2).map { try recorded("row.\($0)").ints() }
    }
}

/// Gives `body` an empty directory that is gone afterwards.
func withTemporaryDirectory(_ body: (URL) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url)
}

/// An adaptation that notes what it is asked and adds a constant.
final class Recorder: Adaptation {
    let sites: Set<Site>
    let shift: Double
    private(set) var calls: [(site: Site, input: [Int], base: [Int])] = []

    init(_ sites: [Site], shift: Double = 0) {
        self.sites = Set(sites)
        self.shift = shift
    }

    func adapts(_ site: Site) -> Bool { sites.contains(site) }

    func output(
        at site: Site, input: Tensor, base: Tensor, start: Int
    ) throws -> Tensor {
        calls.append((site, input.shape, base.shape))
        return try base + shift
    }
}

extension CausalModel {
    /// Every map of every MLP, bottom first.
    var sites: [Site] {
        (0..<configuration.blocks).flatMap { block in
            FeedForwardPart.allCases.map { Site(block: block, part: $0) }
        }
    }

    /// Logits of one batch, [B, T, V].
    func scores(_ rows: [[Int]]) throws -> Tensor {
        try withoutGradients { try logits(hidden(TokenBatch(rows))) }
    }
}
