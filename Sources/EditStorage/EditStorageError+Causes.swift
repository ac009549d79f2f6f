import Foundation
import GRDB

extension EditStorageError {
    /// What SQLite complained about, in words for people.
    init(_ error: DatabaseError, about file: URL) {
        let path = file.path
        let said = "SQLite says “\(error.message ?? "\(error.extendedResultCode)")”"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                "cannot write \(path): the disk is full; nothing was changed; make room and try "
                    + "again.")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                "\(path) is damaged (\(said)); restore a backup, or run `errata verify` to see "
                    + "what is left.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init("\(path) is held by another process; nothing was changed; try again.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            self.init(
                "cannot open \(path) (\(said)); check that the file and its folder may be used "
                    + "by this user.")
        case .SQLITE_IOERR:
            self.init("cannot read or write \(path) (\(said)); check the disk and try again.")
        default:
            self.init("cannot use \(path) (\(said)); run `errata verify`.")
        }
    }

    /// What the system refused just now, as `errno` has it.
    static func system(_ verb: String, _ file: URL) -> EditStorageError {
        EditStorageError(
            "cannot \(verb) \(file.path): \(String(cString: strerror(errno))); check the disk and "
                + "who may write there.")
    }
}

/// Runs `body`, and tells what SQLite or the file system complains about as a sentence about `file`.
func explaining<Result>(_ file: URL, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DatabaseError {
        throw EditStorageError(error, about: file)
    } catch is RowDecodingError {
        throw EditStorageError(
            "\(file.path) is damaged (a value is not what its column holds); restore a backup.")
    } catch let error as CocoaError {
        let cause = (error.underlying as? POSIXError).map {
            String(cString: strerror($0.code.rawValue))
        }
        throw EditStorageError(
            "cannot use \(file.path): \(cause ?? error.localizedDescription); check the disk and "
                + "who may write there.")
    }
}
