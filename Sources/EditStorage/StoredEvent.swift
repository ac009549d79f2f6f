import Crypto
import Edits
import Foundation
import GRDB

/// An event as its row holds it.
struct StoredEvent: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "event"

    let sequence: Int
    /// A `LogEvent` as JSON.
    let document: String
    /// SHA-256 of the hash before it, a line feed and the document: it names all of history.
    let hash: String
}

extension StoredEvent {
    /// The event that follows `last`, or begins a log.
    init(
        _ content: LogEvent.Content, author: String?, reason: String?, after last: StoredEvent?
    ) throws {
        try self.init(
            LogEvent(content, after: last?.sequence ?? 0, author: author, reason: reason),
            after: last)
    }

    /// An event that has its number already.
    init(_ event: LogEvent, after last: StoredEvent?) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        sequence = event.sequence
        document = String(decoding: try encoder.encode(event), as: UTF8.self)
        hash = Self.hash(of: document, after: last)
    }

    /// What the document says.
    func event() throws -> LogEvent {
        let event = try JSONDecoder().decode(LogEvent.self, from: Data(document.utf8))
        guard event.sequence == sequence else {
            throw EditStorageError("its document says that it is event \(event.sequence)")
        }
        return event
    }

    /// Whether the hash is the one of this document after `previous`.
    func follows(_ previous: StoredEvent?) -> Bool {
        hash == Self.hash(of: document, after: previous)
    }

    /// The latest event.
    static func last(_ db: Database) throws -> StoredEvent? {
        try fetchOne(db, sql: "SELECT * FROM event ORDER BY sequence DESC LIMIT 1")
    }

    private static func hash(of document: String, after previous: StoredEvent?) -> String {
        // Nothing comes before the first event: 64 zeros stand for that.
        let previous = previous?.hash ?? String(repeating: "0", count: 64)
        return SHA256.hash(data: Data("\(previous)\n\(document)".utf8)).hexadecimal
    }
}
