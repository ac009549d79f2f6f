import Synchronization

/// The versions of one model that can be asked: the current one, those before it that are kept, and
/// the unedited model, which is version 0.
///
/// Reading it waits for nothing but other readers: not for learning, nor for anything that a model
/// does meanwhile.
public final class VersionShelf: Sendable {
    private let unedited: ServedVersion
    /// The newest last.
    private let kept: Mutex<[ServedVersion]>
    /// How many are kept, the current one among them.
    private let capacity: Int

    init(_ current: ServedVersion, keeping capacity: Int) {
        unedited = ServedVersion(unedited: current.base)
        kept = Mutex([current])
        self.capacity = max(1, capacity)
    }

    /// What answers now.
    public var current: ServedVersion { kept.withLock { $0.last! } }

    /// The version of this number; nil for one that never was or is not kept any more.
    public func version(_ number: Int) -> ServedVersion? {
        if number == 0 { return unedited }
        return kept.withLock { $0.last { $0.number == number } }
    }

    /// The numbers of all that can be asked, the newest first.
    public var numbers: [Int] { kept.withLock { $0.reversed().map(\.number) } + [0] }

    /// From now on `version` answers whoever asks for the current one.
    func announce(_ version: ServedVersion) {
        kept.withLock {
            if $0.last!.number == version.number { $0.removeLast() }
            $0.append(version)
            $0.removeFirst(max(0, $0.count - capacity))
        }
    }
}
