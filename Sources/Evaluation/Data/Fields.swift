import Edits
import Foundation

/// One record of a foreign data file, with readers that say what they missed.
struct Fields {
    /// Its place in the file, from 1.
    let number: Int
    let object: [String: Any]

    /// The text under `key`, trimmed. A list stands for its first text.
    func text(_ key: String) throws -> String {
        guard let text = Self.firstText(in: try value(key)) else {
            throw EvaluationError("`\(key)` should be text but is not")
        }
        return text.trimmed
    }

    /// The text under `key`, to the byte.
    func exactText(_ key: String) throws -> String {
        guard let text = try value(key) as? String else {
            throw EvaluationError("`\(key)` should be text but is not")
        }
        return text
    }

    /// The texts of the list under `key`, at least `count`, to the byte.
    func exactTexts(_ key: String, atLeast count: Int = 1) throws -> [String] {
        guard let texts = try value(key) as? [String], texts.count >= count else {
            throw EvaluationError(
                "`\(key)` should be a list of at least \(count) texts but is not")
        }
        return texts
    }

    /// The truth value under `key`.
    func flag(_ key: String) throws -> Bool {
        guard let flag = try value(key) as? Bool else {
            throw EvaluationError("`\(key)` should be true or false but is not")
        }
        return flag
    }

    private func value(_ key: String) throws -> Any {
        guard let value = object[key] else {
            throw EvaluationError("`\(key)` is missing")
        }
        return value
    }

    /// The text under `key`, or nothing where there is none.
    func optionalText(_ key: String) -> String? {
        object[key].flatMap(Self.firstText).map(\.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The texts under `key`: a list, or a single text, or nothing at all; blank ones are none.
    func texts(_ key: String) -> [String] {
        let texts: [String] =
            switch object[key] {
            case let text as String: [text]
            case let list as [Any]: list.compactMap { $0 as? String }
            default: []
            }
        return texts.map(\.trimmed).filter { !$0.isEmpty }
    }

    /// The objects under `key`: a list of them, or one.
    func children(_ key: String) -> [Fields] {
        switch object[key] {
        case let child as [String: Any]: [Fields(number: number, object: child)]
        case let list as [Any]:
            list.compactMap { ($0 as? [String: Any]).map { Fields(number: number, object: $0) } }
        default: []
        }
    }

    /// The object under `key`.
    func child(_ key: String) throws -> Fields {
        guard let child = object[key] as? [String: Any] else {
            throw EvaluationError("`\(key)` should be an object but is \(missing(key))")
        }
        return Fields(number: number, object: child)
    }

    private func missing(_ key: String) -> String { object[key] == nil ? "missing" : "not" }

    private static func firstText(in value: Any) -> String? {
        switch value {
        case let text as String: text
        case let list as [Any]: list.first.flatMap(firstText)
        case let number as NSNumber: "\(number)"
        default: nil
        }
    }
}
