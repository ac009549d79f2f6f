import Errata
import Foundation

/// Where an edited model goes: looked at before the work, so that it is not in vain.
struct SavePlace {
    let directory: URL
    /// As the user wrote it.
    let path: String
    private let existed: Bool

    /// - Throws: `WrongInput` where nothing may be saved: no place given, one that holds something
    ///   else, or one that cannot be written.
    init(model: String, output: String?) throws {
        let base = URL(filePath: model, directoryHint: .isDirectory)
        guard let path = output ?? (EditableModel.isSaved(in: base) ? model : nil) else {
            throw WrongInput(
                "expected --output, a directory for the edited model (\(model) itself stays as it "
                    + "is), got none; name a new one.")
        }
        self.path = path
        directory = URL(filePath: path, directoryHint: .isDirectory)
        existed = FileManager.default.fileExists(atPath: directory.path)
        try Self.requireFree(directory, path: path)
        try Self.requireWritable(directory, path: path)
    }

    /// Saves whole or not at all.
    func save(_ model: EditableModel) async throws {
        do {
            try await model.save(to: directory)
        } catch {
            removeIfEmpty()
            throw Failure(Exit.sentence(for: error))
        }
    }

    /// A directory that was made for the model does not outlive a failure.
    private func removeIfEmpty() {
        if !existed { rmdir(directory.path) }
    }

    /// Refuses to write over what is not an edited model.
    static func requireFree(_ directory: URL, path: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory)
        else { return }
        guard isDirectory.boolValue else {
            throw WrongInput(
                "expected a directory for --output, but \(path) is a file; choose another.")
        }
        let isEmpty = try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty
        guard isEmpty || EditableModel.isSaved(in: directory) else {
            throw WrongInput(
                "expected --output to be new or an edited model, but \(path) holds something else; "
                    + "choose another.")
        }
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
