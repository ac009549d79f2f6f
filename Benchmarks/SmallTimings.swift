import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Nanoseconds of the smallest operation, from Swift through the engine and back, its result
/// released.
func operationTime() throws -> Double {
    let count = 200_000
    let one = try Tensor.ones([1])
    let elapsed = try withoutGradients {
        try timed { for _ in 0..<count { _ = try one + one } }
    }
    return elapsed.wall / Double(count) * 1e9
}

/// How often a second the nearest of 100,000 stored route codes is found.
func lookUpRate() -> Double {
    var random = SplitMix64(seed: 5)
    func code() -> RouteCode {
        RouteCode(chosen: (0..<6).map { _ in random.subset(of: 4, count: 2) }, experts: 4)
    }
    // Every code must be looked at, so the one sought is none of those stored.
    let wanted = RouteCode(chosen: (0..<6).map { _ in [0, 1] }, experts: 4)
    var codes: [RouteCode] = []
    while codes.count < 100_000 {
        let next = code()
        if next != wanted { codes.append(next) }
    }
    let index = DeferralIndex(codes)
    let count = 2000
    var found = 0
    let elapsed = timed {
        for _ in 0..<count { found += index.nearest(to: wanted)!.distance }
    }
    precondition(found > 0)
    return Double(count) / elapsed.wall
}

/// Times opening a checkpoint whose files are not in the system's cache.
struct CheckpointOpening {
    private let kind: BenchmarkModel
    private let model: CausalModel

    init(_ kind: BenchmarkModel, _ model: CausalModel) {
        self.kind = kind
        self.model = model
    }

    /// Seconds until a model stands that could answer, from its own checkpoint or from one that is
    /// written for the purpose.
    func seconds() throws -> Double {
        if let directory = kind.directory { return try opened(directory) }
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "errata-benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try model.save(to: directory)
        return try opened(directory)
    }

    private func opened(_ directory: URL) throws -> Double {
        try forget(directory)
        return try timed {
            _ = try CausalModel.load(from: directory, dtype: model.dtype)
            if kind.directory != nil { _ = try loadTokenizer(from: directory) }
        }.wall
    }

    /// Takes the files out of the system's cache, where it has a call for that.
    private func forget(_ directory: URL) throws {
        #if canImport(Glibc)
            for file in try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil)
            {
                let handle = try FileHandle(forReadingFrom: file)
                defer { try? handle.close() }
                fsync(handle.fileDescriptor)
                posix_fadvise(handle.fileDescriptor, 0, 0, POSIX_FADV_DONTNEED)
            }
        #endif
    }
}
