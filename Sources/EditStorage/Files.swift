import Crypto
import Edits
package import Foundation

/// SHA-256 of a file in hexadecimal, read piece by piece.
func digest(of file: URL) throws -> String {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    var hash = SHA256()
    while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
        hash.update(data: piece)
    }
    return hash.finalize().hexadecimal
}

/// Makes what was written to a file, or a rename within a folder, last through a power cut.
func sync(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw EditStorageError.system("open", url) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw EditStorageError.system("sync", url) }
}

/// Makes a folder and all that lies in it last through a power cut.
package func syncAll(in folder: URL) throws {
    for url in try files(in: folder) {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        if isFolder.boolValue { try syncAll(in: url) } else { try sync(url) }
    }
    try sync(folder)
}

/// Renames a finished draft into its place, which lasts when this returns.
package func publish(_ draft: URL, as target: URL) throws {
    guard rename(draft.path, target.path) == 0 else {
        throw EditStorageError.system("write", target)
    }
    try sync(target.deletingLastPathComponent())
}

/// Makes a folder, and those above it, unless it is there; their names last when this returns.
package func makeFolder(_ folder: URL) throws {
    guard !isThere(folder) else { return }
    let parent = folder.deletingLastPathComponent()
    try makeFolder(parent)
    guard mkdir(folder.path, 0o755) == 0 || errno == EEXIST else {
        throw EditStorageError.system("make", folder)
    }
    try sync(parent)
}

/// What lies in a folder, by name; nothing where there is no folder.
func files(in folder: URL) throws -> [URL] {
    guard isThere(folder) else { return [] }
    return try explaining(folder) {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            folder.appending(path: $0)
        }
    }
}

func isThere(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

/// The bytes of a file; 0 where it is gone.
func size(of file: URL) throws -> Int {
    var status = stat()
    guard stat(file.path, &status) == 0 || errno == ENOENT else {
        throw EditStorageError.system("read", file)
    }
    return Int(status.st_size)
}
