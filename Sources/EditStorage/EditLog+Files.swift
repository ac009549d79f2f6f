package import Foundation

extension EditLog {
    /// Writes a snapshot's file, whole or not at all, and names it by its digest: what is written
    /// twice is there once.
    ///
    /// - Parameter write: writes the file that it is given.
    /// - Returns: the SHA-256 of the file and its size.
    package func writeSnapshotFile(
        _ write: (URL) throws -> Void
    ) throws -> (digest: String, bytes: Int) {
        requireWriting()
        let draft = snapshotFile("draft-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: draft) }
        try write(draft)
        return try explaining(draft) {
            try sync(draft)
            let written = (digest: try digest(of: draft), bytes: try size(of: draft))
            // Renamed over a file of that name too: it may have been damaged since.
            try publish(draft, as: snapshotFile(written.digest))
            return written
        }
    }

    /// Where a snapshot's file lies.
    package func file(of snapshot: Snapshot) -> URL { snapshotFile(snapshot.digest) }

    /// What is wrong with a snapshot's file, in one sentence; nil where it is whole.
    package func fault(of snapshot: Snapshot) throws -> String? {
        let file = file(of: snapshot)
        guard FileManager.default.fileExists(atPath: file.path) else {
            return "\(file.path) is missing; restore a copy, or let it be learned again."
        }
        guard try explaining(file, { try digest(of: file) }) == snapshot.digest else {
            return "\(file.path) is damaged: its SHA-256 is another; restore a copy, or remove it "
                + "and let it be learned again."
        }
        return nil
    }

    /// Files among the snapshots that no row names: a crash left them, or they are being written.
    package func orphans() throws -> [URL] {
        let found = try files(in: folder)
        let named = Set(try snapshots().map { file(of: $0).lastPathComponent })
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
