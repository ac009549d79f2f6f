import Edits
import Foundation
import LanguageModels
import Torch

/// A covariance on disk, named after the model and the text it was made from.
struct CovarianceFile {
    /// Names model, map and text: other contents, another name.
    let digest: String
    private let url: URL

    /// - Parameter folder: where covariances are kept; it is made where it is not there.
    init(digest: String, in folder: URL) throws {
        self.digest = digest
        url = folder.appending(path: "covariance-\(digest).safetensors")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw EditError(
                "expected `covarianceFolder` to be a folder to write to, got '\(folder.path)' "
                    + "(\(error.localizedDescription)); name another.")
        }
    }

    /// The covariance, nil where there is no file, or one that is damaged.
    func read(width: Int) throws -> Covariance? {
        guard let file = try? SafetensorsFile(url), file.metadata["digest"] == digest,
            let tokens = file.metadata["tokens"].flatMap({ Int($0) }),
            let matrix = try? file.tensor(named: "covariance").copy(),
            matrix.shape == [width, width], matrix.dtype == .float32,
            file.metadata["checksum"] == (try checksum(matrix))
        else { return nil }
        return Covariance(matrix: matrix, tokens: tokens)
    }

    /// The file is whole or absent.
    func write(_ covariance: Covariance) throws {
        let metadata = [
            "digest": digest, "tokens": "\(covariance.tokens)",
            "checksum": try checksum(covariance.matrix),
        ]
        try writeSafetensors(["covariance": covariance.matrix], metadata: metadata, to: url)
    }

    private func checksum(_ matrix: Tensor) throws -> String {
        var hash = ContentHash()
        hash.add(try matrix.data())
        return hash.text
    }

    /// Names what keys at `site` depend on, and the text.
    static func digest(of text: Data, model: CausalModel, site: Site) throws -> String {
        var hash = ContentHash()
        hash.add(text)
        hash.add(Data("\(site) \(model.dtype) \(model.configuration)".utf8))
        // Parameters stand in the order of a forward pass: those of higher blocks have no say.
        let above = ".\(site.block + 1)."
        for (name, tensor) in model.parameters.prefix(while: { !$0.name.contains(above) }) {
            hash.add(Data(name.utf8))
            hash.add(try tensor.data())
        }
        return hash.text
    }
}

/// FNV-1a (Fowler, Noll and Vo) with 64 bits, over words of eight bytes.
///
/// It tells contents apart that differ by accident, which is all a cache of one's own needs: each
/// step can be undone, so one changed word always changes the sum, and two unrelated contents agree
/// once in 10¹⁹. It is no protection against someone who looks for two that agree.
struct ContentHash {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Takes the bytes and how many there are.
    mutating func add(_ data: Data) {
        data.withUnsafeBytes { bytes in
            let whole = bytes.count / 8
            for index in 0..<whole {
                mix(bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self).littleEndian)
            }
            for byte in bytes[(whole * 8)...] { mix(UInt64(byte)) }
        }
        mix(UInt64(data.count))
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01B3
    }

    /// Sixteen hexadecimal digits.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
