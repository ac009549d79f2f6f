import Foundation
import GRDB
import GRDBSQLite

/// How long a connection waits where SQLite holds a file for a moment, as after a crash.
private let patience = 10.0

/// A connection that writes: each commit is on the disk when it returns.
func connect(writing file: URL) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(patience)
    configuration.prepareDatabase { db in
        // The size limit also empties the write-ahead log on closing, so that log.sqlite is then all
        // there is.
        try db.execute(
            sql: """
                PRAGMA journal_mode = WAL;
                PRAGMA journal_size_limit = 4194304;
                PRAGMA synchronous = FULL;
                PRAGMA fullfsync = ON;
                """)
        // The file itself stays, so that those who may not write here can read.
        var isPersistent: CInt = 1
        sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &isPersistent)
    }
    return try DatabaseQueue(path: file.path, configuration: configuration)
}

/// A connection that reads, beside whoever writes.
func connect(reading file: URL) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(patience)
    return try DatabaseQueue(path: file.path, configuration: configuration)
}

/// A connection to a draft that nobody else sees yet; the file is whole by itself once it is closed.
func connect(drafting file: URL) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.prepareDatabase {
        try $0.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL")
    }
    return try DatabaseQueue(path: file.path, configuration: configuration)
}
