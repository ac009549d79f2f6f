import Crypto
package import Edits
import Foundation
import GRDB

extension EditLog {
    /// The events after `sequence`, in order: all that were appended before this was called.
    ///
    /// - Throws: a sentence that names the event that cannot be read.
    package func events(after sequence: Int = 0) throws -> [LogEvent] {
        try read { db in
            let sql = "SELECT sequence, document FROM event WHERE sequence > ? ORDER BY sequence"
            return try Row.fetchAll(db, sql: sql, arguments: [sequence])
        }.map { row in
            do {
                return try event(row["sequence"], in: row["document"])
            } catch {
                throw EditStorageError(
                    "event \(row["sequence"] as Int) of \(file.path) cannot be read (\(error)); "
                        + "restore a backup.")
            }
        }
    }

    /// Appends `contents` as the next events, and makes `snapshot`, where given, the current one: in
    /// one transaction, which is on the disk when this returns.
    ///
    /// - Returns: the events as they can be read from now on.
    /// - Throws: what stood in the way; nothing was changed then.
    package func append(
        _ contents: [LogEvent.Content], author: String?, reason: String?, snapshot: Snapshot? = nil
    ) throws -> [LogEvent] {
        try write { db in
            var head = try Head(db)
            let events = try contents.map {
                try head.append($0, author: author, reason: reason, to: db)
            }
            if let snapshot { try makeCurrent(snapshot, in: db) }
            return events
        }
    }

    /// The hash of an event in hexadecimal, which names it and all before it.
    package func hash(of sequence: Int) throws -> String? {
        try read { db in
            let sql = "SELECT hash FROM event WHERE sequence = ?"
            return try String.fetchOne(db, sql: sql, arguments: [sequence])
        }
    }
}

extension EditLog {
    /// Appends an event that has its number.
    func append(_ event: LogEvent, to db: Database) throws {
        var head = try Head(db)
        _ = try head.append(event, to: db)
    }
}

/// The end of a log, which the next event follows.
private struct Head {
    var sequence: Int
    var hash: String

    init(_ db: Database) throws {
        let sql = "SELECT sequence, hash FROM event ORDER BY sequence DESC LIMIT 1"
        let row = try Row.fetchOne(db, sql: sql)
        sequence = row?["sequence"] ?? 0
        hash = row?["hash"] ?? beginningOfChain
    }

    mutating func append(
        _ content: LogEvent.Content, author: String?, reason: String?, to db: Database
    ) throws -> LogEvent {
        try append(
            LogEvent(
                sequence: sequence + 1, time: timestamp(), author: author, reason: reason,
                content: content), to: db)
    }

    mutating func append(_ event: LogEvent, to db: Database) throws -> LogEvent {
        let document = try document(of: event)
        sequence = event.sequence
        hash = link(document, after: hash)
        try db.execute(
            sql: "INSERT INTO event (sequence, document, hash) VALUES (?, ?, ?)",
            arguments: [sequence, document, hash])
        // What is read again is what counts, and what cannot be read must not be written.
        return try EditStorage.event(sequence, in: document)
    }
}

/// What stands for the hash before the first event's.
let beginningOfChain = String(repeating: "0", count: 64)

/// The hash of a document that follows an event with the hash `previous`.
func link(_ document: String, after previous: String) -> String {
    SHA256.hash(data: Data("\(previous)\n\(document)".utf8)).hexadecimal
}

/// An event as JSON, the same bytes every time.
private func document(of event: LogEvent) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(event), as: UTF8.self)
}

/// The event that a row's document holds.
func event(_ sequence: Int, in document: String) throws -> LogEvent {
    let event = try JSONDecoder().decode(LogEvent.self, from: Data(document.utf8))
    guard event.sequence == sequence else {
        throw EditStorageError("its document says that it is event \(event.sequence)")
    }
    return event
}
