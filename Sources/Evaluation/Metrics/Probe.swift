/// One question asked of an edited model.
package struct Probe: Codable, Sendable, Hashable {
    /// What its answer is evidence of.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// The edited prompt: reliability.
        case edit
        /// A rephrasing that was trained on.
        case taughtRephrase
        /// A rephrasing that was not: generalization.
        case rephrase
        /// A prompt near the edit that must be left alone: locality.
        case neighbour
        /// A prompt far from any edit that must be left alone: locality.
        case unrelated

        /// Whether an edit covers the prompt.
        package var isCovered: Bool { self != .neighbour && self != .unrelated }
    }

    /// The edit it belongs to.
    package var edit: String
    /// That edit's place in the stream, from 0.
    package var index: Int
    /// What its answer is evidence of.
    package var kind: Kind
    /// Its place among the probes of its kind and edit, from 0.
    package var number: Int
    /// What is asked.
    package var prompt: String
    /// What should be answered: the edit's target, or the data set's answer to a locality prompt.
    package var target: String?
    /// The answer that the edit replaces.
    package var formerAnswer: String?

    /// A question about the `index`-th edit.
    package init(
        edit: String, index: Int, kind: Kind, number: Int, prompt: String, target: String?,
        formerAnswer: String?
    ) {
        self.edit = edit
        self.index = index
        self.kind = kind
        self.number = number
        self.prompt = prompt
        self.target = target
        self.formerAnswer = formerAnswer
    }
}
