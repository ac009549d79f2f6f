import EditStorage
import Foundation

/// Where an export is written until it is proven; then it appears, whole, under its name.
struct ExportFolder: Sendable {
    let target: URL
    /// What becomes the export.
    let draft: URL
    /// What nobody needs afterwards, beside it.
    let scratch: URL

    /// - Throws: `ErrataError` for a directory that exists or cannot be made.
    init(_ directory: URL) throws {
        target = directory.standardizedFileURL
        guard !FileManager.default.fileExists(atPath: target.path) else {
            throw ErrataError(
                "expected a new directory for the export, but \(directory.path) exists; choose "
                    + "another.")
        }
        let parent = target.deletingLastPathComponent()
        let name = ".\(target.lastPathComponent).draft-\(UUID().uuidString.prefix(8))"
        draft = parent.appending(path: name)
        scratch = parent.appending(path: name + "-scratch")
        do {
            try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        } catch {
            throw ErrataError(
                "\(directory.path) cannot be written (\(error.localizedDescription)); choose another "
                    + "directory.")
        }
    }

    /// Gives the draft its name; all of it lasts when this returns.
    func publish() throws {
        try syncAll(in: draft)
        try EditStorage.publish(draft, as: target)
    }

    /// Leaves nothing but what was published.
    func clear() {
        for folder in [draft, scratch] { try? FileManager.default.removeItem(at: folder) }
    }

    /// Bytes of all files of the draft.
    func bytes() throws -> Int {
        let keys: [URLResourceKey] = [.fileSizeKey, .isRegularFileKey]
        let files = FileManager.default.enumerator(at: draft, includingPropertiesForKeys: keys)
        return try files?.compactMap { $0 as? URL }.reduce(0) { total, file in
            let values = try file.resourceValues(forKeys: Set(keys))
            return total + (values.isRegularFile == true ? values.fileSize ?? 0 : 0)
        } ?? 0
    }
}
