import HTTPTypes

/// One value or a list of them.
struct OneOrMany<Value: Decodable & Sendable>: Decodable, Sendable {
    let values: [Value]

    init(_ values: [Value]) { self.values = values }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let one = try? container.decode(Value.self) {
            values = [one]
        } else {
            values = try container.decode([Value].self)
        }
    }
}

/// What completions go on from: a text, several, token ids, or several lists of them.
enum PromptInput: Decodable, Sendable {
    case texts([String])
    case tokens([[Int]])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .texts([text])
        } else if let texts = try? container.decode([String].self) {
            self = .texts(texts)
        } else if let tokens = try? container.decode([Int].self) {
            self = .tokens([tokens])
        } else if let tokens = try? container.decode([[Int]].self) {
            self = .tokens(tokens)
        } else {
            throw APIError(
                .badRequest,
                "expected `prompt` to be a text, a list of texts, a list of token ids, or a list of "
                    + "those.",
                param: "prompt", code: "invalid_type")
        }
        guard count > 0 else {
            throw APIError.wrong(
                "prompt", "expected at least one `prompt`, got an empty list; send a text.")
        }
    }

    private var count: Int {
        switch self {
        case .texts(let texts): texts.count
        case .tokens(let tokens): tokens.count
        }
    }
}

/// Any JSON, of which objects matter only by whether there is something in them.
enum AnyJSON: Decodable, Sendable, Equatable {
    case null
    case number(Double)
    case text(String)
    case truth(Bool)
    case list([AnyJSON])
    case object(isEmpty: Bool)

    struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let values = try? decoder.container(keyedBy: Key.self) {
            self = .object(isEmpty: values.allKeys.isEmpty)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let truth = try? container.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .list(try container.decode([AnyJSON].self))
        }
    }
}
