package import Foundation

extension EditLog {
    /// Writes a snapshot's file, whole or not at all, and names it by its digest: what is written
    /// twice is there once.
    ///
    /// - Parameter write: writes the file that it is given.
    package func writeSnapshotFile(_ write: (URL) throws -> Void) throws -> SnapshotFile {
        requireWriting()
        let draft = snapshotFile("draft-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: draft) }
        try write(draft)
        return try explaining(draft) {
            try sync(draft)
            let written = SnapshotFile(digest: try digest(of: draft), bytes: try size(of: draft))
            // Renamed over a file of that name too: it may have been damaged since.
            try publish(draft, as: file(of: written))
            return written
        }
    }

    /// Where a file of a snapshot lies.
    package func file(of name: SnapshotFile) -> URL { snapshotFile(name.digest) }

    /// Whether a file of a snapshot lies there, damaged or not.
    package func has(_ name: SnapshotFile) -> Bool { isThere(file(of: name)) }

    /// What is wrong with a snapshot's files, in one sentence; nil where they are whole.
    package func fault(of snapshot: Snapshot) throws -> String? {
        for name in snapshot.files {
            let file = file(of: name)
            guard isThere(file) else {
                return "\(file.path) is missing; restore a copy, or let it be learned again."
            }
            guard try explaining(file, { try digest(of: file) }) == name.digest else {
                return "\(file.path) is damaged: its SHA-256 is another; restore a copy, or remove "
                    + "it and let it be learned again."
            }
        }
        return nil
    }

    /// Files among the snapshots that no row names: a crash left them, or they are being written.
    package func orphans() throws -> [URL] {
        let found = try files(in: folder)
        let named = Set(try namedFiles().map { file(of: $0).lastPathComponent })
        return found.filter { !named.contains($0.lastPathComponent) }
    }

    /// Where snapshots lie.
    var folder: URL { directory.appending(path: "snapshots") }

    func snapshotFile(_ name: String) -> URL { folder.appending(path: "\(name).safetensors") }

    func removeFile(_ file: URL) throws {
        guard unlink(file.path) == 0 || errno == ENOENT else {
            throw EditStorageError.system("remove", file)
        }
    }
}
