import Edits
import Foundation

/// The right to write one log: a lock of the system's, which goes with the process that holds it,
/// however that ends. The file stays; what it says tells others who holds it.
final class WriterLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of `file`, for which it waits up to `seconds`.
    ///
    /// - Throws: a sentence that names who holds it, and since when.
    init(_ file: URL, waiting seconds: Double) throws {
        let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw EditStorageError.system("open", file) }
        self.descriptor = descriptor
        let deadline = ContinuousClock.now + .seconds(seconds)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw EditStorageError.system("lock", file)
            }
            guard ContinuousClock.now < deadline else { throw Self.refusal(file) }
            Thread.sleep(forTimeInterval: 0.02)
        }
        sign()
    }

    deinit { close(descriptor) }

    /// Leaves a note for those who find the lock taken; it is no more than a note, so a full disk is
    /// no reason to stop.
    private func sign() {
        let holder = ProcessInfo.processInfo
        let text =
            "process \(holder.processIdentifier) on \(holder.hostName) since \(timestamp())\n"
        ftruncate(descriptor, 0)
        _ = Array(text.utf8).withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private static func refusal(_ file: URL) -> EditStorageError {
        let note = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let holder = note.split(separator: "\n").first.map(String.init) ?? "another process"
        return EditStorageError(
            "expected to be the only writer of \(file.deletingLastPathComponent().path), got "
                + "\(holder), which writes there; wait until it ends, or stop it.")
    }
}
