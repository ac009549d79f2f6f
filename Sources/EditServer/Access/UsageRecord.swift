import Foundation

/// How much of a day's tokens each bearer has used, as a file keeps it between two runs of a server.
struct UsageRecord: Codable, Sendable, Equatable {
    var format = 1
    /// Days since 1970, in UTC.
    var day: Int
    /// By the name of the bearer.
    var tokens: [String: Int]

    /// Today.
    static var today: Int { Int(Date.now.timeIntervalSince1970) / 86_400 }

    /// What was used today; nothing where the file is of another day, or missing.
    ///
    /// - Throws: `ServerError` for a file that holds something else.
    static func read(_ file: URL) throws -> [String: Int] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [:] }
        guard let record = try? JSONDecoder().decode(Self.self, from: Data(contentsOf: file)),
            record.format == 1
        else {
            throw ServerError(
                "\(file.path): expected how many tokens were used today, but it cannot be read as that; "
                    + "remove it to count anew.")
        }
        return record.day == today ? record.tokens : [:]
    }

    /// Writes the file, whole or not at all.
    func write(to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try encoder.encode(self).write(to: file, options: .atomic)
    }
}
