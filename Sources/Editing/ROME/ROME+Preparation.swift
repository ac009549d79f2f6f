import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

extension ROME {
    /// Samples the texts that stand before prompts, and reads or makes the covariance, once.
    package mutating func prepare() throws {
        if contexts == nil { contexts = try sampledContexts() }
        try prepareCovariance()
    }

    /// What the base model writes, as released: from its start mark, each token among the likeliest
    /// few, to a fixed length; without marks, blank lines made spaces, Unicode taken apart (NFKD).
    private func sampledContexts() throws -> [String] {
        let settings = model.configuration
        let start = settings.beginningOfText ?? settings.endOfText.first ?? 0
        var seeds = SplitMix64(seed: seed)
        return try config.contextLengths.flatMap { length in
            let options = GenerationOptions(
                maximumTokens: length - 1, temperature: 1, topK: config.contextTopK,
                seed: seeds.next(), stopTokens: [])
            let prompts = Array(repeating: [start], count: config.contextsPerLength)
            guard !prompts.isEmpty else { return [String]() }
            return try model.generate(prompts, options: options).map {
                tokenizer.decode($0.tokens).decomposedStringWithCompatibilityMapping
                    .replacingOccurrences(of: "\n\n", with: " ")
            }
        }
    }

    /// Reads the covariance from its file, or makes it from the text the recipe names.
    private mutating func prepareCovariance() throws {
        guard inverse == nil, let path = config.covariance else { return }
        guard let text = try? Data(contentsOf: URL(filePath: path)) else {
            throw EditError(
                "expected `covariance` to name a text file, got '\(path)', which cannot be read; "
                    + "name another, or leave it out to take the identity.")
        }
        let digest = try CovarianceFile.digest(of: text, model: model, site: seam)
        guard covarianceDigest == nil || covarianceDigest == digest else {
            throw EditError(
                "expected the text '\(path)' that the first edits were written with, got another "
                    + "one or another model; bring the old one back.")
        }
        let file = try CovarianceFile(digest: digest, in: covarianceFolder())
        let width = model.configuration.inputWidth(of: seam)
        let covariance = try file.read(width: width) ?? estimated(from: text)
        inverse = try covariance.inverse(ridge: config.ridge).to(model.device)
        covarianceDigest = digest

        func estimated(from text: Data) throws -> Covariance {
            let passages = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
            let covariance = try Covariance.estimated(
                passages: passages.map(String.init), model: model, tokenizer: tokenizer,
                site: seam)
            try file.write(covariance)
            return covariance
        }
    }

    private func covarianceFolder() -> URL {
        config.covarianceFolder.map { URL(filePath: $0) }
            ?? FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask)[0]
            .appending(path: "errata")
    }
}
