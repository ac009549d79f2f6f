import Errata
import Foundation

/// Where an edited model goes: looked at before the work, so that it is not in vain.
struct SavePlace {
    let directory: URL
    /// As the user wrote it.
    let path: String
    let kind: Kind

    /// What lies there before.
    enum Kind {
        /// The model that is edited: its log goes on.
        case inPlace
        /// Nothing; a copy of an edited model will, and its log goes on.
        case copy
        /// Nothing; a log that begins with these edits will.
        case fresh
    }

    /// - Throws: `WrongInput` where nothing may be saved: no place given, one that exists, or one
    ///   that cannot be written.
    init(model: String, output: String?) throws {
        let source = URL(filePath: model, directoryHint: .isDirectory)
        let isEdited = EditableModel.isSaved(in: source)
        guard let path = output ?? (isEdited ? model : nil) else {
            throw WrongInput(
                "expected --output, a directory for the edited model (\(model) itself stays as it "
                    + "is), got none; name a new one.")
        }
        self.path = path
        directory = URL(filePath: path, directoryHint: .isDirectory)
        let isSame = directory.standardizedFileURL == source.standardizedFileURL
        kind = !isEdited ? .fresh : isSame ? .inPlace : .copy
        if kind != .inPlace { try Self.requireFree(directory, path: path) }
        try Self.requireWritable(directory, path: path)
    }

    /// Refuses to write over anything.
    static func requireFree(_ directory: URL, path: String) throws {
        guard FileManager.default.fileExists(atPath: directory.path) else { return }
        if EditableModel.isSaved(in: directory) {
            throw WrongInput(
                "expected a new directory for --output, but \(path) is an edited model; go on editing "
                    + "it with --model \(path), or choose another.")
        }
        let isEmpty = try? FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty
        throw WrongInput(
            isEmpty == nil
                ? "expected a directory for --output, but \(path) is a file; choose another."
                : "expected a new directory for --output, but \(path) exists; choose another.")
    }

    static func requireWritable(_ directory: URL, path: String) throws {
        var place = directory.standardizedFileURL
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" {
            place = place.deletingLastPathComponent()
        }
        guard access(place.path, W_OK | X_OK) == 0 else {
            let reason = String(cString: strerror(errno))
            throw WrongInput("\(path) cannot be written (\(reason)); choose another --output.")
        }
    }
}
