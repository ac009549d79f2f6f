import GRDB

extension EditLog {
    /// The tables; migrations are added, never changed.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE event (
                        sequence INTEGER PRIMARY KEY NOT NULL,
                        document TEXT NOT NULL,
                        hash TEXT NOT NULL UNIQUE
                    );
                    CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
                    BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END;
                    CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
                    BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END;
                    CREATE TABLE snapshot (
                        key TEXT PRIMARY KEY NOT NULL,
                        digest TEXT NOT NULL,
                        bytes INTEGER NOT NULL,
                        batches TEXT NOT NULL,
                        registered INTEGER NOT NULL
                    );
                    CREATE TABLE current (
                        only INTEGER PRIMARY KEY NOT NULL CHECK (only = 1),
                        key TEXT NOT NULL REFERENCES snapshot (key)
                    );
                    """)
        }
        return migrator
    }
}
