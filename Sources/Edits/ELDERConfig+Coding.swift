public import Foundation

extension ELDERConfig {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case firstBlock, layers, part, queryBlock, query
        case experts, active, rank, alpha, initialScale, renormalisesScores
        case guidance, guidanceWeight, allocation, trainingRouting
        case batchSize, steps, learningRate, learningRateDecay
        case earlyStop, replayRows, replaySteps
        case gate, hammingThreshold, codeStorage, matchGate, routeSource
    }

    /// Reads a recipe.
    ///
    /// - Throws: `EditError` that names the key: unknown, missing, of the wrong kind, or with a
    ///   value that `validate()` refuses.
    public init(json: Data) throws {
        do {
            self = try JSONDecoder().decode(ELDERConfig.self, from: json)
        } catch let error as EditError {
            throw error
        } catch {
            throw EditError("The ELDER config cannot be read: \(sentence(for: error)).")
        }
    }

    /// The recipe as JSON, every key in alphabetical order; absent options are left out.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self)
    }

    /// This configuration with some keys set from text, as a command line has them:
    /// `["steps": "30", "gate": "match", "matchGate": "{\"coverage\": 0.6}"]`.
    ///
    /// - Throws: as `init(json:)`.
    public func replacing(_ values: [String: String]) throws -> ELDERConfig {
        var object = try JSONSerialization.jsonObject(with: json()) as? [String: Any] ?? [:]
        object.merge(values.mapValues(jsonValue(of:))) { $1 }
        return try ELDERConfig(json: JSONSerialization.data(withJSONObject: object))
    }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "config key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        firstBlock = try values.decode(Int.self, forKey: .firstBlock)
        part = try values.decode(Part.self, forKey: .part)
        queryBlock = try values.decode(Int.self, forKey: .queryBlock)

        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.layers, into: &layers)
        try read(.query, into: &query)
        try read(.experts, into: &experts)
        try read(.active, into: &active)
        try read(.rank, into: &rank)
        try read(.alpha, into: &alpha)
        try read(.initialScale, into: &initialScale)
        try read(.renormalisesScores, into: &renormalisesScores)
        try read(.guidance, into: &guidance)
        try read(.guidanceWeight, into: &guidanceWeight)
        try read(.allocation, into: &allocation)
        try read(.trainingRouting, into: &trainingRouting)
        try read(.batchSize, into: &batchSize)
        try read(.steps, into: &steps)
        try read(.learningRate, into: &learningRate)
        try read(.learningRateDecay, into: &learningRateDecay)
        try read(.earlyStop, into: &earlyStop)
        try read(.replayRows, into: &replayRows)
        try read(.replaySteps, into: &replaySteps)
        try read(.gate, into: &gate)
        try read(.hammingThreshold, into: &hammingThreshold)
        try read(.codeStorage, into: &codeStorage)
        try read(.matchGate, into: &matchGate)
        try read(.routeSource, into: &routeSource)
        try validate()
    }
}

extension ELDERConfig.MatchGate {
    private enum CodingKeys: String, CodingKey, CaseIterable { case coverage, cosine, samples }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "matchGate key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        coverage = try values.decodeIfPresent(Double.self, forKey: .coverage)
        cosine = try values.decodeIfPresent(Double.self, forKey: .cosine)
        samples = try values.decodeIfPresent(Int.self, forKey: .samples) ?? samples
    }
}

extension ELDERConfig.EarlyStop {
    private enum CodingKeys: String, CodingKey, CaseIterable { case every, margin }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "earlyStop key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        every = try values.decodeIfPresent(Int.self, forKey: .every) ?? every
        margin = try values.decodeIfPresent(Double.self, forKey: .margin) ?? margin
    }
}

extension ELDERConfig.Decay {
    private enum CodingKeys: String, CodingKey, CaseIterable { case every, factor }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "learningRateDecay key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        every = try values.decodeIfPresent(Int.self, forKey: .every) ?? every
        factor = try values.decodeIfPresent(Double.self, forKey: .factor) ?? factor
    }
}
