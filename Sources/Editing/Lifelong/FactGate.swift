import Edits
import Torch

// Sizes: V vocabulary.

/// Finds the fact that a prompt asks for, if there is one.
///
/// Two views must agree. The name: the prompt has the subject of the fact, whole; where no subject
/// is known, all names that the wording has; where it has none, enough of its rare words. The
/// answer: what the unedited model would say next is what it would say to the wording. Both are
/// decided for each wording alone, so no edit moves the edge of another.
struct FactGate {
    let config: LifelongConfig
    /// Knows the words of the base model's own texts, and no wording.
    let background: PromptIndex
    private var names = NameIndex()
    private var words: PromptIndex
    private var wordings: [Wording] = []
    /// The wordings without a name to be found by.
    private var unnamed: [Int] = []
    /// The latest wording of each text, which stands for the earlier ones: what was said last
    /// holds, whatever rounding makes of their answers.
    private var latest: [String: Int] = [:]

    private struct Wording {
        let fact: Int
        let prompt: String
        let expectation: ExpectedAnswer
    }

    /// A wording whose words a prompt has.
    struct Candidate {
        fileprivate let wording: Int
        /// The share of its words' weight.
        fileprivate let coverage: Double
    }

    init(_ config: LifelongConfig, background: PromptIndex) {
        self.config = config
        self.background = background
        words = background
    }

    /// How many facts are stored.
    var factCount: Int { wordings.last.map { $0.fact + 1 } ?? 0 }

    mutating func forgetAll() { self = FactGate(config, background: background) }

    /// Stores the wordings of more facts, which follow those stored before.
    ///
    /// - Parameter heard: a wording as ``candidates(for:)`` will hear it.
    mutating func insert(_ facts: ArraySlice<Lifelong.Fact>, heard: (String) -> String) {
        for (index, fact) in zip(facts.indices, facts) {
            for (row, expectation) in zip(fact.lesson.rows, fact.expectations) {
                let text = heard(row.prompt)
                let isNamed = names.insert(
                    fact.lesson.subject, in: text, isCommon: background.isCommon)
                if !isNamed { unnamed.append(wordings.count) }
                words.insert([text])
                latest[row.prompt] = wordings.count
                wordings.append(
                    Wording(fact: index, prompt: row.prompt, expectation: expectation))
            }
        }
    }

    /// The wordings whose words `prompt` has, by name or by enough of them.
    func candidates(for prompt: String) -> [Candidate] {
        let named = names.entries(namedIn: prompt)
        let covered = zip(unnamed, words.coverage(by: prompt, of: unnamed))
            .filter { $1 >= config.coverage }
        return (Array(zip(named, words.coverage(by: prompt, of: named))) + covered)
            .filter { latest[wordings[$0.0].prompt] == $0.0 }
            .map(Candidate.init)
    }

    /// The nearest of the candidates, with 0 for a stored wording itself and 1 at the edge.
    ///
    /// - Parameter probabilities: of the unedited model's next token, [V].
    func nearest(_ candidates: [Candidate], probabilities: [Float]) -> Match? {
        let ranked = candidates.map { candidate in
            let agreement = wordings[candidate.wording].expectation
                .agreement(with: probabilities)
            let distance = (1 - agreement) / (1 - config.agreement)
            let score = candidate.coverage + config.agreementShare * agreement
            return (
                isCovered: distance < 1, score: score, wording: candidate.wording,
                distance: distance
            )
        }
        // Of equals the latest is nearer: it was said last.
        let best = ranked.max {
            ($0.isCovered ? 1 : 0, $0.score, $0.wording)
                < ($1.isCovered ? 1 : 0, $1.score, $1.wording)
        }
        return best.map { Match(index: wordings[$0.wording].fact, distance: $0.distance) }
    }
}
