import Foundation

/// What went wrong with a figure, in one sentence: what was expected, what came, and what to do.
package struct FiguresError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The sentence.
    package let message: String

    /// An error that says `message`.
    package init(_ message: String) { self.message = message }

    package var description: String { message }
    package var errorDescription: String? { message }
}
