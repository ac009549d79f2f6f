package import Logging

/// How much a server writes to standard error.
package enum ServerLog: String, Sendable, CaseIterable {
    case debug, info, notice, warning, error

    /// Writes what is at least as grave.
    package var logger: Logger {
        var logger = Logger(label: "errata") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: rawValue)!
        return logger
    }
}
