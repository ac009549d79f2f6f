package import Edits
package import LanguageModels
package import Tokenizers
package import Torch

/// A way of teaching a frozen model a stream of corrections.
///
/// A method learns edits, and decides for a prompt whether one of them covers it. Everything else
/// (generating, scoring, saving the record) is the same for all and stands outside.
package protocol EditingMethod {
    var model: CausalModel { get }
    var tokenizer: any Tokenizer { get }

    /// Where the part of the model that the method never changes ends.
    var seam: Site { get }
    /// What the method wants to see of that part when it decides.
    var taps: [Site] { get }

    /// Numbers that training may change.
    var trainableParameters: Int { get }
    /// Bytes that the state takes, and how many of them grow with the edits.
    var storedBytes: StoredBytes { get }

    /// Does what is needed once per base model, before the first edit; later calls do nothing.
    mutating func prepare() throws

    /// Learns `edits` in their order.
    ///
    /// - Parameter onProgress: called after each batch; an error thrown from it ends the learning.
    mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws

    /// Decides for each row of an already run prefix, at the last token of its prompt, whether an
    /// edit covers it, and what the model shall compute there instead.
    func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision

    /// Everything that going on later needs, beside the base model.
    func state() throws -> MethodState
}

/// What a method decided for a batch of prompts; it holds for all that is generated after them.
package struct Decision {
    /// Nil when every row is left to the unedited model.
    package let adaptation: (any Adaptation)?
    /// Why, one per row.
    package let traces: [RouteTrace]

    package init(adaptation: (any Adaptation)?, traces: [RouteTrace]) {
        self.adaptation = adaptation
        self.traces = traces
    }
}

/// How far learning has come.
package struct LearningProgress: Sendable {
    package let edits: Int
    package let totalEdits: Int
    /// Optimiser steps taken for the latest batch.
    package let steps: Int
    /// The latest batch's last loss.
    package let loss: Double
}

/// A method at rest: named tensors, and a JSON document for the rest.
package struct MethodState {
    package var tensors: [String: Tensor]
    package var document: String

    package init(tensors: [String: Tensor], document: String) {
        self.tensors = tensors
        self.document = document
    }
}

/// What a method's state takes on disk.
package struct StoredBytes: Sendable, Equatable {
    /// The same however many edits there are.
    package let constant: Int
    /// Grows with the edits.
    package let growing: Int

    package init(constant: Int, growing: Int) {
        self.constant = constant
        self.growing = growing
    }
}
