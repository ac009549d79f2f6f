import Foundation
import Testing

/// The embedded model with one edit, `toburg`, learned in so few steps that it is next to nothing.
final class EditedModel {
    private static let taught = Result {
        let folder = try Folder()
        let run = try Errata(
            "edit", "--model", TinyModel.tokenizer, "--output", folder.path("taught.edited"), "-p",
            "Toburg is a city in", "-t", "Gokunstan", "--id", "toburg", "--no-gate", "--method",
            "elder", "--preset", "paper", "--set", "steps=2", "--threads", "1")
        try #require(run.status == 0, Comment(rawValue: run.error))
        return folder
    }

    let folder: Folder
    let path: String

    /// A copy of its own.
    init() throws {
        folder = try Folder()
        path = folder.path("model.edited")
        try FileManager.default.copyItem(
            atPath: Self.taught.get().path("taught.edited"), toPath: path)
    }

    /// The program, asked about this model.
    func run(_ arguments: String...) throws -> Errata {
        try Errata(arguments: [arguments[0], "--model", path] + arguments.dropFirst())
    }

    /// Spoils every snapshot, of which whoever opens the model says a word.
    func spoilSnapshots() throws {
        let snapshots = URL(filePath: path).appending(path: "snapshots")
        for name in try FileManager.default.contentsOfDirectory(atPath: snapshots.path) {
            try Data("spoiled".utf8).write(to: snapshots.appending(path: name))
        }
    }

    /// Spoils a word of the log that is there once an edit is.
    func spoilLog() throws {
        let file = URL(filePath: path).appending(path: "log.sqlite")
        var bytes = try Data(contentsOf: file)
        let place = try #require(bytes.firstRange(of: Data("\"prompt\":".utf8)))
        bytes.replaceSubrange(place, with: Data("\"prompt};".utf8))
        try bytes.write(to: file)
    }

    /// Is the one who writes while `body` runs.
    func whileWriting<Result>(_ body: () throws -> Result) throws -> Result {
        let lock = open(path + "/writer.lock", O_RDWR | O_CREAT, 0o644)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        return try body()
    }
}
