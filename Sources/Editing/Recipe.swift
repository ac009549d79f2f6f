package import Edits
package import Foundation
package import LanguageModels

/// The hyper-parameters of a method: a value with a name for each, read strictly from JSON.
///
/// A method writes its recipe as a struct of numbers, booleans and enums, and checks their ranges
/// in `validate(for:)`; reading, writing and replacing keys are the same for all.
package protocol Recipe: Codable, Sendable, Equatable {
    /// - Throws: `EditError` for a value out of range, or a place that `model` does not have.
    func validate(for model: ModelConfiguration) throws

    func json() throws -> Data

    /// This recipe with some keys set from text, as a command line has them.
    ///
    /// - Throws: `EditError` that names the key: unknown, or of the wrong kind.
    func replacing(_ values: [String: String]) throws -> Self

    /// This recipe with the keys of a JSON object put over its own; ELDER's over the
    /// paper's, as its files have it.
    ///
    /// - Throws: `EditError` that names the key: unknown, or of the wrong kind.
    func replacing(json: Data) throws -> Self
}

extension Recipe {
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self)
    }

    /// The same with null for what is absent: put over any other preset it means this one.
    package func wholeJSON() throws -> Data {
        var object = try JSONSerialization.jsonObject(with: json()) as? [String: Any] ?? [:]
        for key in Mirror(reflecting: self).children.compactMap(\.label) where object[key] == nil {
            object[key] = NSNull()
        }
        return try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
    }

    package func replacing(_ values: [String: String]) throws -> Self {
        try replacing(values.mapValues(jsonValue(of:)))
    }

    package func replacing(json: Data) throws -> Self {
        let object = try? JSONSerialization.jsonObject(with: json) as? [String: Any]
        guard let object else {
            throw EditError(
                "expected a recipe as a JSON object of keys and values, got other text.")
        }
        return try replacing(object)
    }

    private func replacing(_ values: [String: Any]) throws -> Self {
        try replacingKeys(of: self, json: json(), with: values, what: "config key", in: "recipe")
    }

    /// - Throws: `EditError` unless `isMet`, saying what was expected of the key and what came.
    package func require(
        _ isMet: Bool, _ key: String, _ expected: String, got value: Any
    ) throws {
        guard isMet else {
            throw EditError("expected `\(key)` \(expected), got \(value); choose another value.")
        }
    }

    /// - Throws: `EditError` unless `model` has a block of that number.
    package func requireBlock(_ block: Int, _ key: String, of model: ModelConfiguration) throws {
        try require(
            (0..<model.blocks).contains(block), key,
            "to name one of the model's blocks 0 to \(model.blocks - 1)", got: block)
    }
}

extension ELDERConfig: Recipe {
    package func validate(for model: ModelConfiguration) throws {
        try validate(againstBlocks: model.blocks)
    }

    package func replacing(json: Data) throws -> ELDERConfig { try ELDERConfig(json: json) }
}
