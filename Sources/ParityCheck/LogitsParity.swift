import Foundation
import LanguageModels
import Torch

/// Runs the checkpoints that `reference/transformers_parity.py` wrote, and records what comes out.
enum LogitsParity {
    private struct Question: Decodable {
        var directory: String
        /// Token ids, each row run alone and all of them in one padded batch.
        var rows: [[Int]]
        /// Prompts to continue greedily, each alone and all of them in one batch.
        var prompts: [[Int]]
        var newTokens: Int
    }

    /// Answers every `NAME.question.json` of the folder with a `NAME.answer.safetensors`; f32 on the
    /// CPU.
    static func run(_ arguments: ArraySlice<String>) throws {
        guard let path = arguments.first, arguments.count == 1 else {
            throw ParityError("expected: errata-parity logits FOLDER")
        }
        let folder = URL(fileURLWithPath: path)
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        for name in names where name.hasSuffix(".question.json") {
            let answer = try withoutGradients {
                try Self.answer(folder.appendingPathComponent(name))
            }
            let target = name.replacingOccurrences(
                of: ".question.json", with: ".answer.safetensors")
            try writeSafetensors(answer, to: folder.appendingPathComponent(target))
        }
    }

    private static func answer(_ file: URL) throws -> [String: Tensor] {
        let question = try JSONDecoder().decode(Question.self, from: Data(contentsOf: file))
        let model = try CausalModel.load(from: URL(fileURLWithPath: question.directory))
        var answer: [String: Tensor] = [:]
        let together = try model.logits(model.hidden(TokenBatch(question.rows)))  // [B, T, V]
        for (index, row) in question.rows.enumerated() {
            answer["single.\(index)"] = try model.logits(model.hidden(TokenBatch([row])))
                .at(dim: 0, index: 0)  // [T, V]
            answer["padded.\(index)"] = try together.at(dim: 0, index: index)
                .narrowed(dim: 0, start: 0, length: row.count)
        }
        let options = GenerationOptions(maximumTokens: question.newTokens)
        let batch = try model.generate(question.prompts, options: options)
        for (index, prompt) in question.prompts.enumerated() {
            let alone = try model.generate([prompt], options: options)
            answer["generated.single.\(index)"] = try ids(alone[0])
            answer["generated.padded.\(index)"] = try ids(batch[index])
        }
        return answer
    }

    private static func ids(_ generation: Generation) throws -> Tensor {
        try Tensor(generation.tokens, shape: [generation.tokens.count])
    }
}
