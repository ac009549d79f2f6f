import Foundation

/// What went wrong with a data set or a result, in one sentence: what was expected, what came, and
/// what to do.
package struct EvaluationError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The sentence.
    package let message: String
    /// Whether what was asked for is right, but could not be done: the disk is full, a store lost.
    package let isFailure: Bool

    /// An error that says `message`.
    package init(_ message: String, isFailure: Bool = false) {
        (self.message, self.isFailure) = (message, isFailure)
    }

    package var description: String { message }
    package var errorDescription: String? { message }
}
