import Synchronization

/// Buffers that encoding fills again and again, and the words it remembers.
///
/// Used by one call at a time: ``WorkspacePool`` lends it.
final class EncodingWorkspace: @unchecked Sendable {
    var merger = PairMerger()
    var cache = WordCache()
    /// A section after normalisation.
    var normalized: [UInt8] = []
}

/// Lends workspaces to calls from any thread.
///
/// A lock is held for the moment of lending only, so threads never wait for each other's texts.
final class WorkspacePool: Sendable {
    private let idle = Mutex<[EncodingWorkspace]>([])

    /// Workspaces kept for later calls; what more threads need at once is made and dropped.
    private static let mostKept = 4

    /// Runs `body` with a workspace that nobody else uses meanwhile.
    func withWorkspace<Result>(_ body: (EncodingWorkspace) -> Result) -> Result {
        let workspace = idle.withLock { $0.popLast() } ?? EncodingWorkspace()
        defer { idle.withLock { if $0.count < Self.mostKept { $0.append(workspace) } } }
        return body(workspace)
    }
}
