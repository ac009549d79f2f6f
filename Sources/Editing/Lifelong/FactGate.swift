import Edits
import Torch

// Sizes: n stored wordings, S sampled texts, d width of a query.

/// Finds the fact that a prompt asks for, if there is one.
///
/// Two views must agree. The name: the prompt has the subject of the fact, whole; where no subject
/// is known, enough of the wording's rare words. The meaning: the query's cosine with the wording's
/// is above what the base model's own texts reach by accident. Both are decided for each wording
/// alone, so no edit moves the edge of another.
struct FactGate {
    /// What decides, without what is stored.
    let calibration: Calibration
    private var names = NameIndex()
    private var words: PromptIndex
    private var wordings: [Wording] = []

    struct Calibration {
        let config: LifelongConfig
        /// The mean query of the base model's own texts, [d].
        let center: [Float]
        /// Their queries, centred and of unit length: [S, d].
        let samples: Tensor
        /// Knows the words of these texts, and no wording.
        let words: PromptIndex
    }

    private struct Wording {
        let fact: Int
        /// Centred, of unit length: [d].
        let direction: [Float]
        /// Prompts of a lower cosine mean something else.
        let reach: Double
    }

    init(_ calibration: Calibration) {
        self.calibration = calibration
        words = calibration.words
    }

    /// How many facts are stored.
    var factCount: Int { wordings.last.map { $0.fact + 1 } ?? 0 }

    mutating func forgetAll() { self = FactGate(calibration) }

    /// Stores the wordings of more facts, which follow those stored before.
    mutating func insert(_ facts: ArraySlice<Lifelong.Fact>) throws {
        let rows = facts.indices.flatMap { index in
            zip(facts[index].lesson.rows, facts[index].queries).map { (index, $0, $1) }
        }
        for (index, row, query) in rows {
            names.insert(facts[index].lesson.subject, in: row.prompt)
            let direction = calibration.direction(query)
            wordings.append(
                Wording(
                    fact: index, direction: direction,
                    reach: try calibration.reach(of: direction)))
        }
        words.insert(rows.map(\.1.prompt))
    }

    /// The fact nearest to `prompt`, with 0 for a stored wording itself and 1 at the edge.
    func nearest(to prompt: String, query: [Float]) -> Match? {
        guard !wordings.isEmpty else { return nil }
        let config = calibration.config
        let coverage = words.coverage(by: prompt)
        let unnamed = wordings.indices.filter {
            !names.hasName($0) && coverage[$0] >= config.coverage
        }
        let direction = calibration.direction(query)
        let candidates = (names.entries(namedIn: prompt) + unnamed).map { index in
            let cosine = dot(direction, wordings[index].direction)
            let distance = max(0, (1 - cosine) / (1 - wordings[index].reach))
            let score = coverage[index] + config.cosineShare * cosine
            return (
                isCovered: distance < 1, score: score, index: index, distance: distance
            )
        }
        // Of equals the latest is nearer: it was said last.
        let best = candidates.max {
            ($0.isCovered ? 1 : 0, $0.score, $0.index) < ($1.isCovered ? 1 : 0, $1.score, $1.index)
        }
        return best.map { Match(index: wordings[$0.index].fact, distance: $0.distance) }
    }

    /// What the stored wordings take, beyond the facts.
    var byteCount: Int {
        wordings.reduce(0) { $0 + $1.direction.count * 4 + 16 }
    }
}

extension FactGate.Calibration {
    /// Centred on the base model's own text and of unit length.
    func direction(_ query: [Float]) -> [Float] {
        let centred = zip(query, center).map { $0 - $1 }
        let length = dot(centred, centred).squareRoot() + 1e-12
        return centred.map { $0 / Float(length) }
    }

    /// The cosine that few of the base model's own texts exceed.
    func reach(of direction: [Float]) throws -> Double {
        let key = try Tensor(direction, shape: [direction.count], device: samples.device)
        let cosines = try samples.matmul(key).floats().sorted()
        let place = Int((1 - config.accidents) * Double(cosines.count - 1))
        // Kept below one, where the edge would have no width.
        return min(Double(cosines[place]), 0.99)
    }
}

private func dot(_ a: [Float], _ b: [Float]) -> Double {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var sum: Float = 0
            for index in a.indices { sum += a[index] * b[index] }
            return Double(sum)
        }
    }
}

extension FactGate {
    /// Lets the base model write, and notes what its words and queries are like.
    init(calibrating editor: Lifelong, seed: UInt64) throws {
        let config = editor.config
        let calibration = try withoutGradients {
            let text = try OwnText(
                of: editor.model, tokenizer: editor.tokenizer, tap: editor.taps[0],
                count: config.samples, seed: seed, remedy: "use another model")
            let center = try text.queries.mean(dim: 0)
            return Calibration(
                config: config, center: try center.floats(),
                samples: try text.queries.directions(from: center), words: text.words)
        }
        self.init(calibration)
    }
}
