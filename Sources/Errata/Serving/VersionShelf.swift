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

    /// The version of this name; nil for one that never was or is not kept any more.
    public func version(named name: String) -> ServedVersion? {
        all.first { $0.name == name }
    }

    /// All that can be asked, the newest first.
    public var all: [ServedVersion] { kept.withLock { $0.reversed() } + [unedited] }

    /// The unedited model.
    public var base: ServedVersion { unedited }

    /// From now on `version` answers whoever asks for the current one. Under one name it is always the
    /// same that answers.
    func announce(_ version: ServedVersion) {
        var version = version
        kept.withLock { kept in
            let last = kept.last!
            if last.number == version.number {
                // What the retrieval tier says follows from the two.
                guard last.state != version.state else { return }
                version.revision = last.revision + 1
            }
            kept.append(version)
            kept.removeFirst(max(0, kept.count - capacity))
        }
    }
}
