import Foundation
import Torch

/// The weights of a Hugging Face directory: one safetensors file, or several behind an index.
struct Checkpoint {
    static let configurationName = "config.json"
    static let generationName = "generation_config.json"
    static let singleName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"

    let directory: URL
    /// Each tensor's file and its name there, by the name our table uses.
    private let places: [String: (file: SafetensorsFile, name: String)]

    /// - Throws: `ModelError` when there are no weights to read, or only pickled ones; `TorchError`
    ///   for a damaged file.
    init(_ directory: URL, family: ModelFamily, isTied: Bool) throws {
        self.directory = directory
        var places: [String: (file: SafetensorsFile, name: String)] = [:]
        for url in try Self.files(in: directory) {
            let file = try SafetensorsFile(url)
            for name in file.names {
                guard let canonical = family.canonicalName(name, isTied: isTied) else { continue }
                places[canonical] = (file, name)
            }
        }
        self.places = places
    }

    /// Reads `config.json`, and from `generation_config.json`, where there is one, what else ends a
    /// text.
    static func configuration(in directory: URL) throws -> ModelConfiguration {
        let url = directory.appending(path: configurationName)
        guard let data = try? Data(contentsOf: url) else {
            throw ModelError(
                "A model directory holds \(configurationName), but \(directory.path) has none; "
                    + "give a directory in the Hugging Face layout.")
        }
        var configuration = try ModelConfiguration(huggingFace: data)
        // Behind those of config.json, whose first is the end mark that edits are taught with.
        for token in try generationEnds(in: directory)
        where !configuration.endOfText.contains(token) {
            configuration.endOfText.append(token)
        }
        return configuration
    }

    /// How many numbers the tensors hold that the model has a name for.
    func parameterCount() throws -> Int {
        try places.values.reduce(0) { sum, place in
            let shape = try place.file.shape(of: place.name)
            return sum + shape.reduce(1, *)
        }
    }

    /// Reads one parameter in the type it shall be computed in, on the CPU or the device asked for.
    ///
    /// - Throws: `ModelError` when it is missing or has another shape than `wanted`.
    func tensor(_ wanted: ParameterShape, dtype: DType, device: Device) throws -> Tensor {
        guard let place = places[wanted.name] else {
            throw ModelError(
                "The model needs a tensor '\(wanted.name)', but the files in \(directory.path) have "
                    + "none; \(missingAdvice(wanted.name)).")
        }
        let shape = try place.file.shape(of: place.name)
        guard shape == wanted.shape else {
            throw ModelError(
                "The tensor '\(place.name)' must have shape \(wanted.shape) by config.json, but "
                    + "has \(shape); take config.json and weights from the same model.")
        }
        // A copy in any case: a file may change under its map, and a trainer writes to weights.
        var tensor = try place.file.tensor(named: place.name)
        guard tensor.dtype.isFloating else {
            throw ModelError(
                "The tensor '\(place.name)' must hold floating-point numbers, but holds "
                    + "\(tensor.dtype); quantised checkpoints are not supported, take the plain one."
            )
        }
        tensor = try tensor.dtype == dtype ? tensor.copy() : tensor.to(dtype)
        tensor = try tensor.to(device)
        try place.file.forget(place.name)
        return wanted.isAffine ? try tensor.outputMajor() : tensor
    }

    /// Checks that the files hold no tensor beside `names`.
    func requireNothing(beside names: [String]) throws {
        let extra = Set(places.keys).subtracting(names).sorted()
        guard let first = extra.first else { return }
        throw ModelError(
            "The model has no place for the tensor '\(places[first]!.name)'"
                + (extra.count > 1 ? " (and \(extra.count - 1) more)" : "")
                + " in \(directory.path); check that config.json belongs to these weights.")
    }

    private func missingAdvice(_ name: String) -> String {
        name == "lm_head.weight"
            ? "set tie_word_embeddings to true in config.json if the head is the embedding"
            : "download the checkpoint again or correct config.json"
    }
}

extension Checkpoint {
    private struct Index: Decodable {
        let weightMap: [String: String]

        enum CodingKeys: String, CodingKey {
            case weightMap = "weight_map"
        }
    }

    private struct Generation: Decodable {
        let endOfText: HuggingFaceConfiguration.OneOrMany?

        enum CodingKeys: String, CodingKey {
            case endOfText = "eos_token_id"
        }
    }

    /// The tokens that end a text by `generation_config.json`.
    private static func generationEnds(in directory: URL) throws -> [Int] {
        let url = directory.appending(path: generationName)
        guard exists(url) else { return [] }
        guard let data = try? Data(contentsOf: url),
            let file = try? JSONDecoder().decode(Generation.self, from: data)
        else {
            throw ModelError(
                "\(url.path) must be JSON whose 'eos_token_id', if any, is a number or a list of "
                    + "numbers, but is not; download it again.")
        }
        return file.endOfText?.values ?? []
    }

    /// The weight files of `directory`.
    static func files(in directory: URL) throws -> [URL] {
        let single = directory.appending(path: singleName)
        if exists(single) { return [single] }
        let index = directory.appending(path: indexName)
        if exists(index) { return try shards(index) }
        if exists(directory.appending(path: "pytorch_model.bin"))
            || exists(directory.appending(path: "pytorch_model.bin.index.json"))
        {
            throw ModelError(
                "Weights must be safetensors, but \(directory.path) holds only pickled ones "
                    + "(pytorch_model.bin), which can run code when opened; convert them with "
                    + "transformers' save_pretrained.")
        }
        throw ModelError(
            "A model directory holds \(singleName) or \(indexName), but \(directory.path) has "
                + "neither; download the weights.")
    }

    private static func shards(_ index: URL) throws -> [URL] {
        guard let data = try? Data(contentsOf: index),
            let map = try? JSONDecoder().decode(Index.self, from: data).weightMap
        else {
            throw ModelError(
                "\(index.path) must be JSON with a 'weight_map', but is not; download it again.")
        }
        let directory = index.deletingLastPathComponent()
        return try Set(map.values).sorted().map { name in
            // In bytes: a character may be a slash and an accent.
            guard !name.utf8.contains(UInt8(ascii: "/")), name.hasSuffix(".safetensors") else {
                throw ModelError(
                    "\(indexName) must name .safetensors files beside it, but names '\(name)'; "
                        + "download the index again or correct it.")
            }
            let url = directory.appending(path: name)
            guard exists(url) else {
                throw ModelError(
                    "\(indexName) names the file '\(name)', but \(directory.path) does not have "
                        + "it; download that shard.")
            }
            return url
        }
    }

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }
}
