import Foundation

/// What went wrong with a model or its files, in one sentence: what was expected, what came, what
/// to do.
package struct ModelError: Error, CustomStringConvertible, LocalizedError {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
    package var errorDescription: String? { message }
}
