package import Edits
package import LanguageModels
package import Tokenizers
import Torch

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

    /// Numbers that edits train: one set for all of them or, where edits or batches have their own,
    /// all sets so far.
    var trainableParameters: Int { get }
    /// Bytes that the state takes, and how many of them grow with the edits.
    var storedBytes: StoredBytes { get }

    /// Does what is needed once per base model, before the first edit; later calls do nothing.
    mutating func prepare() throws

    /// In which batches the method wants to learn `edits`, as places in the list; nil for a method
    /// that takes a stream as it comes, cut anywhere.
    func plan(_ edits: [EditRecord]) throws -> [[Int]]?

    /// Rows that are learned together. A stream that is cut after a multiple of them, and goes on in
    /// another call, ends the same to the bit. Says nothing of a method that plans.
    var rowsPerBatch: Int { get }

    /// Learns `edits` in their order; one batch, where the method plans.
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

    /// Where the edits are routed today; nil for a method without routes of its own.
    func routing() throws -> RoutingReport?
}

extension EditingMethod {
    package func plan(_ edits: [EditRecord]) throws -> [[Int]]? { nil }
    package var rowsPerBatch: Int { 1 }
    package func routing() throws -> RoutingReport? { nil }
}

/// A method whose route for a prompt can be set from outside, to tell how good its experts are
/// from how well it finds them.
package protocol OracleRouting: EditingMethod {
    /// The same method, told which edit each of these prompts is about, as token ids.
    func knowing(_ edits: [[Int]: String]) -> Self
}

/// A method in which an edit depends on nothing but itself and the base model: taking one back is
/// leaving it out.
///
/// Learning changes no tensor that is there, so copies of the value may share them.
package protocol StandaloneEdits: EditingMethod {
    /// Knows just `edits`, in this order; what it knows already is not learned again.
    ///
    /// - Parameter onProgress: called after each edit that is learned.
    /// - Returns: the places of those that were learned.
    mutating func hold(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws -> [Int]

    /// How many edits it knows.
    var editCount: Int { get }

    /// What the edits after the first `count` add to the state of those.
    func state(after count: Int) throws -> MethodState

    /// Knows the edits of such a state too, behind those it knows.
    mutating func add(_ state: MethodState) throws
}

/// What a method decided for a batch of prompts; it holds for all that is generated after them.
package struct Decision {
    /// Nil when every row is left to the unedited model.
    package let adaptation: (any Adaptation)?
    /// Why, one per row.
    package let traces: [RouteTrace]
    /// Tokens to read before each row's prompt, for a method that works through the context.
    package let contexts: [[Int]]?

    package init(
        adaptation: (any Adaptation)?, traces: [RouteTrace], contexts: [[Int]]? = nil
    ) {
        self.adaptation = adaptation
        self.traces = traces
        self.contexts = contexts
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

    package init(edits: Int, totalEdits: Int, steps: Int, loss: Double) {
        self.edits = edits
        self.totalEdits = totalEdits
        self.steps = steps
        self.loss = loss
    }

    /// - Parameter losses: of the latest batch's steps.
    init(edits: Int, totalEdits: Int, losses: [Double]) {
        self.init(
            edits: edits, totalEdits: totalEdits, steps: losses.count, loss: losses.last ?? 0)
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
