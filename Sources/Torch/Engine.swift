import CTorch

/// The engine as a whole: its version, its threads, and the tensors that are alive.
package enum Engine {
    /// The version of libtorch this was built against.
    package static var version: String { String(cString: ct_engine_version()) }

    /// Tensor handles created and not yet released, over all threads.
    package static var liveTensors: Int { Int(ct_live_tensors()) }

    /// How many threads one operation may use.
    package static var threads: Int { Int(ct_threads()) }

    /// Sets how many threads one operation may use.
    ///
    /// - Throws: `TorchError` unless `count` is at least 1.
    package static func setThreads(_ count: Int) throws {
        guard count > 0 else { throw TorchError("expected at least 1 thread, got \(count).") }
        try check(ct_set_threads(Int64(count)))
    }

    /// Gives memory that was freed back to the system.
    ///
    /// glibc's allocator (before 2.38) does not find a freed block again for an aligned one of the same
    /// size, so a process that works on tensors of many sizes grows without holding more.
    package static func releaseFreedMemory() { ct_release_freed_memory() }

    /// Waits until everything queued on `device` is done; on the CPU that is always so.
    package static func synchronize(_ device: Device) throws {
        try check(ct_synchronize(device.handle))
    }
}

/// Runs `body` without recording operations for gradients, on this thread.
///
/// The closure is synchronous, so the thread-local switch cannot leak into another task.
package func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let previous = ct_set_grad_enabled(false)
    defer { _ = ct_set_grad_enabled(previous) }
    return try body()
}
