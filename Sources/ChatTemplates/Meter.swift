/// What a rendering has used of what it may: a template that would run on or grow without end
/// fails with a sentence instead.
///
/// Whatever a template makes passes here; what may be much larger than what it is made of, before
/// it is made.
final class Meter {
    /// Expressions and statements, and 4,096 characters read.
    static let mostSteps = 1_000_000
    /// Characters made; a value counts as several.
    static let mostMade = 32 << 20
    /// Characters in the rendered text, and in one value.
    static let mostCharacters = 4 << 20
    /// Calls of macros, expressions in expressions and statements in statements.
    static let deepest = 200
    /// Lists in lists.
    static let deepestValue = 100

    private var steps = 0
    private var made = 0
    private var depth = 0

    private static let charactersPerStep = 4096
    private static let charactersPerElement = 8

    /// Counts one step, and more where that many characters have to be read for it.
    func step(reading characters: Int = 0) throws {
        steps += 1 + characters / Self.charactersPerStep
        guard steps <= Self.mostSteps else {
            throw ChatTemplateError(
                "expected at most \(Self.mostSteps) steps, got more; the template loops too long.")
        }
    }

    /// As ``step(reading:)`` for a search of `part` in `whole`.
    func search(_ part: Int, in whole: Int) throws {
        try step(reading: part * whole)
    }

    /// As ``step(reading:)`` for something that is done to each character, which takes longer than
    /// reading it.
    func work(on characters: Int) throws {
        try step(reading: 16 * characters)
    }

    /// Counts the search for a key.
    ///
    /// - Throws: Also when the value cannot be a key.
    func lookUp(_ key: Value) throws {
        guard key.isKey else {
            throw ChatTemplateError("expected a key such as a string, got \(key.kind).")
        }
        try work(on: key.extent.size)
    }

    /// Counts characters that are about to be made, `times` over.
    func make(characters: Int, times: Int = 1) throws {
        let (product, overflow) = characters.multipliedReportingOverflow(by: times)
        guard !overflow, product <= Self.mostMade - made else {
            throw ChatTemplateError(
                "expected at most \(Self.mostMade) characters of work, got more; the template "
                    + "makes too much.")
        }
        made += product
    }

    func make(elements: Int, times: Int = 1) throws {
        try make(characters: elements * Self.charactersPerElement, times: times)
    }

    func text(_ text: Text) throws -> Value {
        try make(characters: text.count)
        return try checked(.text(text))
    }

    func series(_ kind: Series.Kind, _ elements: [Value]) throws -> Value {
        try make(elements: elements.count)
        return try checked(.series(Series(kind, elements)))
    }

    func mapping(_ pairs: [(key: Value, value: Value)]) throws -> Value {
        try make(elements: 2 * pairs.count)
        for (key, _) in pairs { try lookUp(key) }
        return try checked(.mapping(Mapping(pairs)))
    }

    /// `value`, when it is neither too large nor too deep for what goes through it.
    func checked(_ value: Value) throws -> Value {
        let extent = value.extent
        guard extent.size <= Self.mostCharacters else {
            throw ChatTemplateError(
                "expected values of at most \(Self.mostCharacters) characters, got a larger one.")
        }
        guard extent.depth <= Self.deepestValue else {
            throw ChatTemplateError(
                "expected at most \(Self.deepestValue) values inside each other, got more.")
        }
        return value
    }

    /// Runs `body`, which may call this again, but not too deep.
    func nested<Result>(_ body: () throws -> Result) throws -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw ChatTemplateError(
                "expected at most \(Self.deepest) nested statements, expressions and calls of "
                    + "macros, got more.")
        }
        return try body()
    }
}
