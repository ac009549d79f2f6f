import Foundation
import GRDB

/// What could not be read or written, in one sentence: what was expected, what came, what to do.
package struct EditStorageError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The sentence.
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
    package var errorDescription: String? { message }
}

extension EditStorageError {
    /// What SQLite says about `file`, in our words.
    init(_ error: DatabaseError, of file: URL) {
        let cause = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                "\(file.path) cannot be written: the disk is full; nothing was changed; make room "
                    + "and try again.")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                "\(file.path) is damaged (\(cause)); restore a backup, or put the file back as it "
                    + "was.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init("\(file.path) is held by another process; try again.")
        case .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            self.init(
                "\(file.path) cannot be read or written (\(cause)); nothing was changed; check the "
                    + "disk and who may write there.")
        default:
            self.init("\(file.path): \(cause); nothing was changed.")
        }
    }
}

/// Runs `body`, SQLite's errors in our words.
func inWords<Result>(_ file: URL, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DatabaseError {
        throw EditStorageError(error, of: file)
    }
}
