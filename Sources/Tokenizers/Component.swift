/// One object of a tokenizer file, with the place to name when something is wrong with it.
struct Component {
    let json: JSON
    /// The file and the path inside it: `tokenizer.json: decoder`.
    let place: String

    /// The component's `type`.
    func type() throws -> String { try text("type") }

    /// The member `name`, unless it is missing or null.
    func optional(_ name: String) -> Component? {
        guard let value = json[name], !value.isNull else { return nil }
        return Component(json: value, place: "\(place).\(name)")
    }

    /// The member `name`.
    func required(_ name: String) throws -> Component {
        guard let member = optional(name) else {
            throw TokenizerError(
                "\(place) has no \"\(name)\"; "
                    + "save the tokenizer again with a current version of tokenizers.")
        }
        return member
    }

    /// The string `name`.
    func text(_ name: String) throws -> String {
        let member = try required(name)
        guard let text = member.json.text else { throw member.mistake("a string") }
        return text
    }

    /// The UTF-8 bytes of the string `name`.
    func bytes(_ name: String) throws -> [UInt8] { Array(try text(name).utf8) }

    /// The truth value `name`, `missing` without one.
    func flag(_ name: String, missing: Bool) throws -> Bool {
        guard let member = optional(name) else { return missing }
        guard let flag = member.json.truth else { throw member.mistake("true or false") }
        return flag
    }

    /// The whole number `name`, which is not negative.
    func count(_ name: String) throws -> Int {
        let member = try required(name)
        guard let count = member.json.integer, count >= 0 else {
            throw member.mistake("a whole number of at least 0")
        }
        return count
    }

    /// The elements of the array `name`.
    func list(_ name: String) throws -> [Component] {
        let member = try required(name)
        guard let elements = member.json.elements else { throw member.mistake("an array") }
        return elements.enumerated().map { index, element in
            Component(json: element, place: "\(member.place)[\(index)]")
        }
    }

    /// The members of this object, which may have any names.
    func members() throws -> [(name: [UInt8], member: Component)] {
        guard let members = json.members else { throw mistake("an object") }
        return members.map { key, value in
            let name = String(decoding: key, as: UTF8.self)
            return (name: key, member: Component(json: value, place: "\(place).\(name)"))
        }
    }

    /// The elements of the array `name`, or this alone where its type is not `Sequence`.
    func flattened(_ name: String) throws -> [Component] {
        guard try type() == "Sequence" else { return [self] }
        return try list(name).flatMap { try $0.flattened(name) }
    }

    /// The string in `pattern`, as the key says: `String` literally, `Regex` as an expression.
    func pattern(_ key: String) throws -> String? {
        let pattern = try required("pattern")
        return try pattern.optional(key).map { _ in try pattern.text(key) }
    }

    /// The error for a value of the wrong kind.
    func mistake(_ expected: String) -> TokenizerError {
        TokenizerError(
            "\(place) should be \(expected), not \(json.kind); correct it or copy the file again.")
    }

    /// The error for a component of a type, or with an option, that this project has not.
    func unsupported(_ what: String, known: String) -> TokenizerError {
        TokenizerError(
            "\(place) is \(what), which is not supported (\(known)); "
                + "use a GPT-2 or LLaMA tokenizer.")
    }
}
