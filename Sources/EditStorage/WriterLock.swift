import Foundation

/// The one writer's lock of a log: it goes with the process, however that ends.
final class WriterLock: Sendable {
    private let descriptor: Int32

    /// - Parameter seconds: how long to wait for another writer.
    /// - Throws: `EditStorageError` that says who holds it, and since when.
    init(_ file: URL, waiting seconds: Double) throws {
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw EditStorageError(
                "\(file.path) cannot be written (\(String(cString: strerror(errno)))); check who "
                    + "may write there.")
        }
        let end = ContinuousClock.now + .seconds(seconds)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < end else {
                let holder = (try? String(contentsOf: file, encoding: .utf8))?
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                close(descriptor)
                throw EditStorageError(
                    "\(file.deletingLastPathComponent().path) is being edited by "
                        + "\(holder?.isEmpty == false ? holder! : "another process"); wait until it "
                        + "is done (--wait SECONDS), or stop it.")
            }
            usleep(20_000)
        }
        let host = ProcessInfo.processInfo.hostName
        let holder = "process \(getpid()) on \(host) since \(Date.now.formatted(.iso8601))\n"
        ftruncate(descriptor, 0)
        _ = holder.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit { close(descriptor) }
}
