import CTorch
import Foundation

/// What the engine, or a file read for it, could not do; the message ends with what to do about it.
package struct TorchError: Error, CustomStringConvertible, LocalizedError {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
    package var errorDescription: String? { message }
}

/// Turns a failed engine call into an error that carries the engine's own sentence.
///
/// The sentence is read at once, on the thread of the failed call, where it is kept.
func check(_ status: CTStatus, _ operation: String = #function) throws {
    guard status != CT_OK else { return }
    throw TorchError("\(operation): \(String(cString: ct_last_error()))")
}
