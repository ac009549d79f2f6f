import CTorch
package import Foundation

/// A safetensors file, mapped into memory: a tensor costs nothing until it is read.
///
/// Each tensor borrows the map and keeps it alive, so the file object itself may go first.
package struct SafetensorsFile {
    private let map: MappedFile
    private let header: SafetensorsHeader
    private let path: String

    /// - Throws: `TorchError` naming the file when it cannot be read, is cut short, or is no
    ///   safetensors file.
    package init(_ url: URL) throws {
        path = url.path
        map = try MappedFile(path: path)
        header = try SafetensorsHeader(map.bytes, path: path)
    }

    /// The tensors' names, sorted.
    package var names: [String] { header.entries.keys.sorted() }

    package var metadata: [String: String] { header.metadata }

    package func contains(_ name: String) -> Bool { header.entries[name] != nil }

    package func shape(of name: String) throws -> [Int] { try entry(name).shape }

    package func dtype(of name: String) throws -> DType { try entry(name).dtype }

    /// The tensor as it stands in the file, on the CPU, without a copy. It must not be written to.
    package func tensor(named name: String) throws -> Tensor {
        let entry = try entry(name)
        // The format aligns to 8 bytes by custom, not by rule; the engine needs whole elements.
        let address = map.bytes.baseAddress! + header.start + entry.bytes.lowerBound
        guard Int(bitPattern: address) % entry.dtype.byteCount == 0 else {
            return try Tensor(
                data: Data(bytes: address, count: entry.bytes.count), dtype: entry.dtype,
                shape: entry.shape)
        }
        let keeper = Unmanaged.passRetained(map)
        do {
            return try Tensor.make("tensor(named: \(name))") {
                ct_borrow(
                    UnsafeMutableRawPointer(mutating: address), entry.shape.sizes,
                    Int64(entry.shape.count), entry.dtype.handle, keeper.toOpaque(),
                    { Unmanaged<MappedFile>.fromOpaque($0).release() }, &$0)
            }
        } catch {
            keeper.release()
            throw error
        }
    }

    /// Lets the system take back the memory of a tensor that has been converted; reading it again
    /// only costs reading the file again.
    package func forget(_ name: String) throws {
        let bytes = try entry(name).bytes
        let page = Int(getpagesize())
        let start = (header.start + bytes.lowerBound + page - 1) / page * page
        let end = (header.start + bytes.upperBound) / page * page
        guard start < end else { return }
        madvise(
            UnsafeMutableRawPointer(mutating: map.bytes.baseAddress! + start), end - start,
            Int32(MADV_DONTNEED))
    }

    private func entry(_ name: String) throws -> SafetensorsEntry {
        guard let entry = header.entries[name] else {
            throw TorchError(
                "\(path) has no tensor '\(name)'; it has \(header.entries.count) others.")
        }
        return entry
    }
}

/// A file mapped read-only into memory until the last reference goes.
private final class MappedFile {
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else {
            throw TorchError("cannot open \(path): \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else {
            throw TorchError(
                "\(path) is not a whole safetensors file: it is empty; download it again.")
        }
        let size = Int(status.st_size)
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
            address != MAP_FAILED
        else {
            throw TorchError("cannot map \(path) into memory: \(String(cString: strerror(errno))).")
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
    }
}
