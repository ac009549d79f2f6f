public import Foundation

/// What Errata could not do, in one sentence: what was expected, what came, and what to do.
public struct ErrataError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The sentence.
    public let message: String

    /// An error that says `message`.
    public init(_ message: String) { self.message = message }

    public var description: String { message }
    public var errorDescription: String? { message }
}
