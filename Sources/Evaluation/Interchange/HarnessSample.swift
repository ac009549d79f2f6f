import Foundation

/// One answer of a model: a line of `samples_<task>_<date>.jsonl`.
struct HarnessSample: Sendable {
    /// Answers at the end of a run. The harness tells several readings of one document apart by filter.
    static let atEnd = "none"
    /// Answers right after an edit.
    static let afterEdit = "after_edit"

    /// The document's place in its task, from 0.
    var document: Int
    /// What the model continued, to the byte.
    var prompt: String
    /// What it should say.
    var target: String
    /// What else is known of the document, after prompt and target.
    var details: [PythonJSON.Member] = []
    /// The most tokens of the answer, where that is a rule of the task.
    var maximumTokens: Int?
    /// Tokens cut from the beginning of a prompt too long for the model; absent where none were.
    var cutTokens: Int?
    /// What it said.
    var answer: String
    /// Which reading of the document it is.
    var filter = Self.atEnd
    /// Of several questions about one record, which; the score is then the mean of their shares.
    var part: String?
    /// The most points of the answer, by which shares of one part are weighted.
    var possible = 1
    /// What the answer is worth; what was not measured is absent.
    var values: [HarnessMetric: Double] = [:]

    /// What was asked, as the harness's tasks call a record.
    var doc: PythonJSON {
        let members: [PythonJSON.Member] = [
            ("prompt", .text(prompt)), ("target", .text(target)),
        ]
        return .object(members + details)
    }

    /// The digests of document, prompt and target, of which a task's own is made.
    var digests: [String] {
        [doc.text(indented: true), prompt, target].map { sha256(Data($0.utf8)) }
    }

    /// How the harness is asked for such an answer: greedy, to the end mark or so many tokens.
    static func generation(atMost maximumTokens: Int?) -> PythonJSON {
        var members: [PythonJSON.Member] = [("until", []), ("do_sample", .bool(false))]
        if let maximumTokens { members.append(("max_gen_toks", .integer(maximumTokens))) }
        return .object(members)
    }

    /// The line.
    var json: PythonJSON {
        let digests = digests
        let measured = HarnessMetric.allCases.compactMap { metric -> PythonJSON.Member? in
            values[metric].map { (metric.rawValue, .real($0)) }
        }
        let generation = Self.generation(atMost: maximumTokens)
        let members: [PythonJSON.Member] = [
            ("doc_id", .integer(document)), ("doc", doc), ("target", .text(target)),
            ("arguments", ["gen_args_0": ["arg_0": .text(prompt), "arg_1": generation]]),
            ("resps", [[.text(answer)]]), ("filtered_resps", [.text(answer)]),
            ("filter", .text(filter)), ("metrics", .texts(measured.map(\.0))),
            ("doc_hash", .text(digests[0])), ("prompt_hash", .text(digests[1])),
            ("target_hash", .text(digests[2])),
        ]
        let cut: [PythonJSON.Member] = cutTokens.map { [("cut_tokens", .integer($0))] } ?? []
        return .object(members + measured + cut)
    }
}
