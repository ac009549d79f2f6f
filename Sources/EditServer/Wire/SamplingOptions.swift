import Errata
import HTTPTypes

/// What completions and chats have in common: how tokens are chosen and when a text ends.
struct SamplingOptions: Decodable, Sendable {
    var model: String
    var temperature: Double?
    var topP: Double?
    var n: Int?
    var stop: OneOrMany<String>?
    var seed: Int?
    var stream: Bool?
    var streamOptions: StreamOptions?
    /// Whether the answer carries its trace.
    var errata: Bool?

    struct StreamOptions: Decodable, Sendable {
        var includeUsage: Bool?
        private enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    private enum CodingKeys: String, CodingKey {
        case model, temperature, n, stop, seed, stream, errata
        case topP = "top_p"
        case streamOptions = "stream_options"
    }

    /// - Throws: `APIError` for a value that cannot be, and for what is not supported.
    func validate(_ decoder: any Decoder) throws {
        try require(0...2, temperature, "temperature")
        try require(0...1, topP, "top_p")
        if topP == 0 { throw APIError.wrong("top_p", "expected `top_p` above 0, got 0.") }
        try require(1...128, n, "n")
        let stops = stop?.values ?? []
        guard stops.count <= 16, stops.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 1024 }) else {
            throw APIError.wrong(
                "stop",
                "expected at most 16 texts in `stop`, none empty and none beyond 1024 bytes.")
        }
        try UnsupportedOptions.refuse(in: decoder)
    }

    /// - Throws: `APIError` for a value outside `range`.
    func require<Value: Comparable & Sendable>(
        _ range: ClosedRange<Value>, _ value: Value?, _ name: String
    ) throws {
        guard let value, !range.contains(value) else { return }
        throw APIError.wrong(
            name,
            "expected `\(name)` from \(range.lowerBound) to \(range.upperBound), got \(value).")
    }

    /// Puts these options into a request to the engine.
    ///
    /// - Parameter seed: what is drawn from where the client gives none.
    func apply(to request: inout GenerationRequest, seed drawn: UInt64, place: Int) {
        request.choices = n ?? 1
        request.temperature = temperature ?? 1
        request.topP = topP ?? 1
        request.stops = stop?.values ?? []
        request.seed = seed.map { UInt64(bitPattern: Int64($0)) } ?? drawn
        request.firstRow = place * request.choices
    }
}
