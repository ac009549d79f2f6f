import EditStorage
public import Edits
public import Foundation

/// A model's edit log, read without its model.
public struct EditHistory: Sendable {
    public let ledger: Ledger
    private let log: EditLog

    /// The log of the edited model in `directory`.
    ///
    /// - Throws: one sentence for a directory without a log, or a log that cannot be read.
    public init(of directory: URL) throws {
        guard EditableModel.isSaved(in: directory) else {
            throw ErrataError(
                "expected an edited model in \(directory.path), but it has no "
                    + "\(SavedModel.fileName); give one with --model.")
        }
        log = try EditLog(reading: directory)
        ledger = try Ledger(log.events())
    }

    /// The hash of an event, which names the whole log up to it.
    public func hash(of event: Int) throws -> String { try log.hash(of: event) ?? "" }

    /// The hash of the latest event, which names the whole log.
    public var head: String { get throws { try hash(of: ledger.version) } }

    /// Copies the log and what was learned into a new directory, which appears whole or not at all,
    /// while others read and write.
    ///
    /// - Parameters:
    ///   - version: the last event to copy; nil for all there are.
    ///   - sharingFiles: whether the copy may hold the very files of what was learned, by another
    ///     name: that takes no room, and what damages one on the disk damages both.
    public func copy(
        to directory: URL, through version: Int? = nil, sharingFiles: Bool = false
    ) throws {
        _ = try version.map { try ledger.at(version: $0) }
        guard let saved = try SavedModel(in: log.directory) else { return }
        try SavedModel(base: saved.baseDirectory(in: log.directory)).adopt(directory) {
            try log.backup(to: $0, through: version, sharingFiles: sharingFiles)
        }
    }

    /// Copies all there is, files shared, lets `change` go on with the copy, and gives it its name
    /// then: where that fails, or the program is killed, nothing appears in `directory`.
    ///
    /// - Parameter change: opens the copy where it lies meanwhile, and lets go of it.
    public func copy<Result>(
        to directory: URL, changing change: (URL) async throws -> Result
    ) async throws -> Result {
        let draft = SavedModel.draft(of: directory)
        defer { try? FileManager.default.removeItem(at: draft) }
        try copy(to: draft, sharingFiles: true)
        let result = try await change(draft)
        try publish(draft, as: directory.standardizedFileURL)
        return result
    }
}
