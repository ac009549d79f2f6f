package import Foundation

/// Writes tensors to a safetensors file that is either whole or absent: a temporary file beside it
/// is written, synced and renamed.
///
/// - Throws: `TorchError` naming the file when it cannot be written; what stood there before stays.
package func writeSafetensors(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to url: URL
) throws {
    let names = tensors.keys.sorted()
    let header = try safetensorsHeader(names.map { ($0, tensors[$0]!) }, metadata: metadata)
    try writeAtomically(to: url) { write in
        try write(header)
        for name in names { try write(tensors[name]!.data()) }
    }
}

/// The length and the JSON, padded with spaces to a multiple of 8 as the format asks.
private func safetensorsHeader(
    _ tensors: [(String, Tensor)], metadata: [String: String]
) throws -> Data {
    var object: [String: Any] = [:]
    if !metadata.isEmpty { object["__metadata__"] = metadata }
    var offset = 0
    for (name, tensor) in tensors {
        let end = offset + tensor.byteCount
        object[name] = [
            "dtype": tensor.dtype.shortName.uppercased(), "shape": tensor.shape,
            "data_offsets": [offset, end],
        ]
        offset = end
    }
    var json = try JSONSerialization.data(
        withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    var header = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
    header.append(json)
    return header
}

/// Gives `body` a function that appends bytes to a file which appears at `url`, whole, at the end.
package func writeAtomically(
    to url: URL, _ body: (_ write: (Data) throws -> Void) throws -> Void
) throws {
    func failure() -> TorchError {
        TorchError(
            "cannot write \(url.path): \(String(cString: strerror(errno))); "
                + "nothing was changed there.")
    }
    let temporary = url.path + ".partial-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw failure() }
    var isOpen = true
    do {
        try body { data in
            guard writeAll(data, to: descriptor) else { throw failure() }
        }
        guard fsync(descriptor) == 0 else { throw failure() }
        // Once closed, even in vain, the number may already be another thread's.
        isOpen = false
        guard close(descriptor) == 0, rename(temporary, url.path) == 0 else { throw failure() }
    } catch {
        if isOpen { close(descriptor) }
        unlink(temporary)
        throw error
    }
    syncDirectory(url.deletingLastPathComponent())
}

private func writeAll(_ data: Data, to descriptor: Int32) -> Bool {
    data.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
            let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return false }
            done += written
        }
        return true
    }
}

/// Makes a rename in `directory` last through a power cut.
private func syncDirectory(_ directory: URL) {
    let descriptor = open(directory.path, O_RDONLY)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}
