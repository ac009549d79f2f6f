import Foundation

/// What went wrong with a tokenizer's files: one sentence saying what was expected, what came
/// and what to do.
package struct TokenizerError: Error, CustomStringConvertible, LocalizedError {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
    package var errorDescription: String? { message }
}
