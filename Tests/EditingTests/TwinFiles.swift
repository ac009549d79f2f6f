import Foundation
import LanguageModels
import Torch

/// What a PyTorch twin left, and the tiny model that it worked on.
struct TwinFiles<Document: Decodable> {
    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel

    /// - Parameter family: `gpt2` or `llama`.
    init(_ method: String, _ family: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        document = try decoder.decode(
            Document.self,
            from: Data(contentsOf: folder.appending(path: "\(method)-\(family).json")))
        tensors = try SafetensorsFile(folder.appending(path: "\(method)-\(family).safetensors"))
        model = try CausalModel.load(from: folder.appending(path: "tiny-\(family)"))
    }
}
