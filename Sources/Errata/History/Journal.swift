import EditStorage
import Edits
import Foundation

/// The log as this process knows it: the ledger of all events, and where they are written.
///
/// Without a log, the events live as long as the model does.
struct Journal {
    private(set) var ledger: Ledger
    private(set) var log: EditLog?
    private let directory: URL?
    private(set) var isWritable: Bool

    /// A journal that begins now and is written nowhere.
    init(_ configuration: LogConfiguration) throws {
        ledger = Ledger()
        log = nil
        directory = nil
        isWritable = true
        try append([.config(configuration)])
    }

    /// The log in `directory`, to be read.
    ///
    /// - Parameter version: nil for all of it.
    init(reading directory: URL, version: Int?) throws {
        let log = try EditLog(reading: directory)
        let all = try Ledger(log.events())
        guard all.configuration != nil else {
            throw ErrataError(
                "\(directory.path): expected a log that begins with a configuration, got none; "
                    + "restore a backup.")
        }
        ledger = try version.map { try all.at(version: $0) } ?? all
        self.log = log
        self.directory = directory
        isWritable = false
    }

    /// The same events, written nowhere from now on.
    func detached() -> Journal {
        var journal = self
        (journal.log, journal.isWritable) = (nil, true)
        return journal
    }

    /// Takes the writer's lock, and takes in what others have written meanwhile.
    ///
    /// - Returns: whether there was anything new.
    @discardableResult
    mutating func beginWriting(waiting seconds: Double) throws -> Bool {
        guard !isWritable, let directory else { return false }
        let writer = try EditLog(writing: directory, waiting: seconds)
        log = writer
        isWritable = true
        return try refresh()
    }

    /// Takes in what another process has written.
    ///
    /// - Returns: whether there was anything new.
    @discardableResult
    mutating func refresh() throws -> Bool {
        guard let log else { return false }
        let new = try log.events(after: ledger.version)
        try ledger.append(contentsOf: new)
        return !new.isEmpty
    }

    /// Writes events, all or none, with the snapshot that is current from then on.
    @discardableResult
    mutating func append(
        _ contents: [LogEvent.Content], author: String? = nil, reason: String? = nil,
        snapshot: Snapshot? = nil
    ) throws -> [LogEvent] {
        let events: [LogEvent]
        if let log {
            events = try log.append(contents, author: author, reason: reason, snapshot: snapshot)
        } else {
            events = contents.enumerated().map { place, content in
                LogEvent(content, after: ledger.version + place, author: author, reason: reason)
            }
        }
        try ledger.append(contentsOf: events)
        return events
    }

    /// How edits are learned and what they must pass.
    var configuration: LogConfiguration { ledger.configuration! }
}
