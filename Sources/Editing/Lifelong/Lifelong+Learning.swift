package import Edits
package import LanguageModels
import Torch

// Sizes: B prompts, d width of the residual stream.

extension Lifelong {
    /// The experts stand beside the MLP here.
    package var seam: Site { Site(block: config.block, part: .whole) }

    /// What enters the MLP of a lower block.
    package var taps: [Site] { [Site(block: config.queryBlock, part: .whole)] }

    /// Lets the base model write, to know what its text is like.
    package mutating func prepare() throws {
        guard gate == nil else { return }
        gate = try FactGate(calibrating: self, seed: seed)
    }

    /// Learns the edits one by one.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        try validate(edits)
        try prepare()
        do {
            for (place, edit) in edits.enumerated() {
                let (fact, losses) = try taught(Lesson(edit))
                facts.append(fact)
                try onProgress(
                    LearningProgress(edits: place + 1, totalEdits: edits.count, losses: losses))
            }
        } catch {
            // What was learned before the end is learned, and can be asked for.
            try openGate()
            throw error
        }
        try openGate()
    }

    /// Knows just `edits`, in this order, and learns those it does not know yet.
    package mutating func hold(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws -> [Int] {
        try prepare()
        var known = Dictionary(grouping: facts) { $0.lesson.editID }
        var held: [Fact] = []
        var learned: [Int] = []
        for (place, lesson) in edits.map(Lesson.init).enumerated() {
            if let index = known[lesson.editID]?.firstIndex(where: { $0.lesson == lesson }) {
                held.append(known[lesson.editID]!.remove(at: index))
                continue
            }
            let (fact, losses) = try taught(lesson)
            held.append(fact)
            learned.append(place)
            try onProgress(
                LearningProgress(edits: place + 1, totalEdits: edits.count, losses: losses))
        }
        facts = held
        gate!.forgetAll()
        try openGate()
        return learned
    }

    /// Lets the gate know the facts that were learned since it last heard of any.
    private mutating func openGate() throws {
        try gate!.insert(facts[gate!.factCount...])
    }

    /// The same editor, told which edit each of these prompts is about.
    package func knowing(_ edits: [[Int]: String]) -> Lifelong {
        var knowing = self
        let places = Dictionary(facts.enumerated().map { ($1.lesson.editID, $0) }) { $1 }
        knowing.oracle = edits.compactMapValues { places[$0] }
        return knowing
    }

    /// What the base model makes of each prompt: the tapped input at its last token, [B][d].
    func queries(_ prefix: PrefixActivations, promptLengths: [Int]) throws -> [[Float]] {
        let states = try prefix.taps[taps[0]]!.last(of: promptLengths).to(.float32)
        return try states.floats().chunks(of: states.size(-1))
    }
}
