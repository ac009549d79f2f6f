package import Foundation

/// Any key at all, to see those that a type does not know.
private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Refuses keys that are not among `known`, with the nearest known one as a suggestion.
    ///
    /// - Throws: `EditError`, for example *“config key `learningrate` is unknown; did you mean
    ///   `learningRate`?”*.
    package func refuseUnknownKeys(known: [String], what: String) throws {
        let keys = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        guard let stranger = keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw EditError(unknown(stranger, among: known, what: what))
    }
}

/// `value`, which is `json` as text, with some of its keys replaced.
///
/// - Throws: `EditError` that names the key: unknown, or of the wrong kind.
package func replacingKeys<Value: Decodable>(
    of value: Value, json: Data, with values: [String: Any], what: String, in whole: String
) throws -> Value {
    let known = Mirror(reflecting: value).children.compactMap(\.label)
    if let stranger = values.keys.sorted().first(where: { !known.contains($0) }) {
        throw EditError(unknown(stranger, among: known, what: what))
    }
    var object = try JSONSerialization.jsonObject(with: json) as? [String: Any] ?? [:]
    object.merge(values) { $1 }
    do {
        return try JSONDecoder().decode(
            Value.self, from: JSONSerialization.data(withJSONObject: object))
    } catch {
        throw EditError("The \(whole) cannot be read: \(sentence(for: error)).")
    }
}

/// What a text on a command line means as JSON; what is no JSON is a word, such as the name of a
/// choice.
package func jsonValue(of text: String) -> Any {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) ?? text
}

/// The sentence that refuses the name `name`, with the nearest of `known` as a suggestion.
package func unknown(_ name: String, among known: [String], what: String) -> String {
    let nearest = known.min {
        spellingDistance($0, name) < spellingDistance($1, name)
    }
    guard let nearest, spellingDistance(nearest, name) <= max(2, name.count / 3) else {
        let list = known.map { "`\($0)`" }.joined(separator: ", ")
        return "\(what) `\(name)` is unknown; expected one of \(list)."
    }
    return "\(what) `\(name)` is unknown; did you mean `\(nearest)`?"
}

/// How many letters must be inserted, removed or replaced to turn one name into the other,
/// ignoring case (Levenshtein).
func spellingDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.lowercased()), Array(right.lowercased()))
    var row = Array(0...right.count)
    for (i, letter) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in right.enumerated() {
            let replaced = diagonal + (letter == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}

/// Says in one clause what a failed decoding expected, and where.
package func sentence(for error: any Error) -> String {
    switch error {
    case let error as EditError:
        error.message
    case DecodingError.keyNotFound(let key, let context):
        "`\(path(context.codingPath + [key]))` is missing"
    case DecodingError.typeMismatch(let type, let context),
        DecodingError.valueNotFound(let type, let context):
        "`\(path(context.codingPath))` should be \(name(of: type)) but is not"
    case DecodingError.dataCorrupted(let context):
        context.codingPath.isEmpty
            ? "it is not well-formed JSON\(cause(of: context))"
            : "`\(path(context.codingPath))` does not hold an expected value: "
                + context.debugDescription
    default:
        (error as NSError).localizedDescription
    }
}

private func path(_ keys: [any CodingKey]) -> String {
    keys.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(separator: ".")
        .replacingOccurrences(of: ".[", with: "[")
}

private func name(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "text"
    case is Bool.Type: "true or false"
    case is Int.Type: "a whole number"
    case is Double.Type: "a number"
    case is [String: Any].Type: "an object"
    case is [Any].Type: "a list"
    default: "a \(type)"
    }
}

private func cause(of context: DecodingError.Context) -> String {
    let detail = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey]
    guard let detail = detail as? String else { return "" }
    return ": " + detail.trimmingCharacters(in: CharacterSet(charactersIn: "."))
}
