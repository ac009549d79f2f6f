import Edits
package import Foundation
import GRDB

/// An event that is known to follow from all before it, named by its hash.
package struct LogMark: Sendable, Equatable {
    package let sequence: Int
    package let hash: String
}

/// A piece of a log for those who keep a copy: events as their rows hold them, so that their hashes
/// stay what they are.
package struct LogPage: Codable, Sendable {
    package struct Row: Codable, Sendable {
        package let sequence: Int
        package let document: String
        package let hash: String
    }

    package let events: [Row]
    /// The log's latest event.
    package let version: Int
    /// What the adapters are now; absent where nothing was learned.
    package let current: Snapshot?

    /// Whether nothing comes behind it.
    package func isLast(after sequence: Int) -> Bool {
        (events.last?.sequence ?? sequence) >= version
    }
}

extension EditLog {
    /// The events after `sequence`, `limit` at most, as they stand at one moment.
    package func page(after sequence: Int, limit: Int) throws -> LogPage {
        try read { db in
            let stored = try StoredEvent.fetchAll(
                db, sql: "SELECT * FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?",
                arguments: [sequence, limit])
            return LogPage(
                events: stored.map {
                    LogPage.Row(sequence: $0.sequence, document: $0.document, hash: $0.hash)
                },
                version: try StoredEvent.last(db)?.sequence ?? 0,
                current: try Snapshot.all(db, "NATURAL JOIN current").first)
        }
    }

    /// Writes into a copy what the log it is of has beyond it: all or none.
    ///
    /// - Throws: a sentence for events that do not follow from those that the copy has.
    package func receive(_ page: LogPage) throws {
        try write { db in
            var last = try StoredEvent.last(db)
            for row in page.events {
                let next = StoredEvent(
                    sequence: row.sequence, document: row.document, hash: row.hash)
                try Self.require(next, after: last, of: file)
                try next.insert(db)
                last = next
            }
            guard (last?.sequence ?? 0) == page.version, let current = page.current else { return }
            try makeCurrent(current, in: db)
        }
        let others = try snapshots().map(\.key).filter { $0 != page.current?.key }
        if page.current != nil { try remove(others) }
    }

    /// Checks everything behind what is known already.
    ///
    /// - Parameter known: nil to check all of it.
    /// - Returns: the latest event; nil for an empty log.
    /// - Throws: a sentence for a history that is damaged, or another one.
    package func checked(after known: LogMark?) throws -> LogMark? {
        let first = known?.sequence ?? 1
        let sql = "SELECT * FROM event WHERE sequence >= ? ORDER BY sequence"
        return try read { db in
            var last: StoredEvent?
            let stored = try StoredEvent.fetchCursor(db, sql: sql, arguments: [first])
            while let next = try stored.next() {
                if last == nil, let known {
                    guard next.sequence == known.sequence, next.hash == known.hash else { break }
                } else {
                    try Self.require(next, after: last, of: file)
                }
                last = next
            }
            guard let last else {
                guard let known else { return nil }
                throw EditStorageError(
                    "expected \(file.path) to go on from event \(known.sequence) as it was, got "
                        + "another history; follow the log it was a copy of, or begin a new copy.")
            }
            return LogMark(sequence: last.sequence, hash: last.hash)
        }
    }

    private static func require(
        _ next: StoredEvent, after last: StoredEvent?, of file: URL
    ) throws {
        guard next.sequence == (last?.sequence ?? 0) + 1, next.follows(last) else {
            throw EditStorageError(
                "expected event \((last?.sequence ?? 0) + 1) for \(file.path) to follow from the one "
                    + "before it, got a damaged one or another history; check the source with `errata "
                    + "verify`.")
        }
        _ = try next.event()
    }

    /// Takes in a piece of a snapshot's file, which lies beside the others as `NAME.part` until it is
    /// whole.
    ///
    /// - Parameter piece: nil to say how far the file has come.
    /// - Returns: how many bytes there are; `name.bytes` when it is whole and in its place.
    /// - Throws: a sentence for a file whose SHA-256 is not its name; it begins anew then.
    package func receive(_ piece: Data?, of name: SnapshotFile) throws -> Int {
        requireWriting()
        let target = file(of: name)
        if try isThere(target) && digest(of: target) == name.digest { return name.bytes }
        let part = target.appendingPathExtension("part")
        return try explaining(part) {
            if let piece { try append(piece, to: part) }
            let count = try size(of: part)
            guard count >= name.bytes else { return count }
            try sync(part)
            guard try digest(of: part) == name.digest else {
                try removeFile(part)
                throw EditStorageError(
                    "expected the snapshot \(name.digest.prefix(12))… to have that SHA-256, got "
                        + "another; check the source with `errata verify`.")
            }
            try publish(part, as: target)
            return name.bytes
        }
    }

    private func append(_ piece: Data, to file: URL) throws {
        if !isThere(file) { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: piece)
    }

    /// A piece of the file of a snapshot that the log names; nil where there is none.
    package func piece(ofSnapshot digest: String, from offset: Int, count: Int) throws -> Data? {
        guard try namedFiles().contains(where: { $0.digest == digest }) else { return nil }
        let file = snapshotFile(digest)
        guard isThere(file) else { return nil }
        return try explaining(file) {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            try handle.seek(toOffset: UInt64(offset))
            return try handle.read(upToCount: count) ?? Data()
        }
    }
}
