import Foundation
import GRDB

/// The tables of a log. Migrations are appended and never edited, since logs live for years.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("events and snapshots") { try $0.execute(sql: first) }
        migrator.registerMigration("snapshots of several files") { try $0.execute(sql: second) }
        return migrator
    }

    private static let first = """
        -- What happened, in order. `document` is a LogEvent as JSON; `hash` is the SHA-256 of the
        -- hash before it, a line feed and the document, so the last one names all of history.
        CREATE TABLE event (
            sequence INTEGER PRIMARY KEY NOT NULL,
            document TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TRIGGER event_follows BEFORE INSERT ON event
        WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM event)
            OR EXISTS (SELECT 1 FROM event WHERE hash = NEW.hash)
        BEGIN SELECT RAISE(ABORT, 'the log is only ever appended to'); END;
        CREATE TRIGGER event_stays BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'the log is only ever appended to'); END;
        CREATE TRIGGER event_remains BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'the log is only ever appended to'); END;

        -- What was learned from the events: a cache. `batches` is a list of lists of events.
        CREATE TABLE snapshot (
            key TEXT PRIMARY KEY NOT NULL,
            digest TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            batches TEXT NOT NULL,
            registered INTEGER NOT NULL UNIQUE
        ) STRICT;
        -- What the adapters are now.
        CREATE TABLE current (
            only INTEGER PRIMARY KEY NOT NULL CHECK (only = 1),
            key TEXT NOT NULL REFERENCES snapshot (key)
        ) STRICT;
        """

    private static let second = """
        -- `files` is a list of {"digest", "bytes"}.
        ALTER TABLE snapshot ADD COLUMN files TEXT NOT NULL DEFAULT '[]';
        UPDATE snapshot SET files = json_array(json_object('digest', digest, 'bytes', bytes));
        ALTER TABLE snapshot DROP COLUMN digest;
        ALTER TABLE snapshot DROP COLUMN bytes;
        """

    /// - Throws: a sentence where `database` holds no log, or one of a later Errata.
    static func requireKnown(_ database: DatabaseQueue, at file: URL) throws {
        let (isNewer, hasBegun) = try database.read { db in
            (try migrator.hasBeenSuperseded(db), try !migrator.appliedIdentifiers(db).isEmpty)
        }
        if isNewer {
            throw EditStorageError(
                "\(file.path) was written by a newer Errata than this one; use that, or a newer one."
            )
        }
        if !hasBegun {
            throw EditStorageError(
                "expected \(file.path) to hold an edit log, got a file without one; restore a backup."
            )
        }
    }
}
