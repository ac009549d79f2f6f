import Crypto
import Edits
package import Foundation

/// What a result needs to be believed: how it was made, from what, on what.
package struct Manifest: Codable, Sendable, Equatable {
    /// A file that went in.
    package struct DataFile: Codable, Sendable, Equatable {
        /// Its name, without the folders of this machine.
        package var name: String
        /// SHA-256 of its bytes, in hexadecimal.
        package var digest: String

        /// A file named `name` with this digest.
        package init(name: String, digest: String) {
            self.name = name
            self.digest = digest
        }

        /// The file at `url`.
        ///
        /// - Throws: `EvaluationError` where it cannot be read.
        package init(_ url: URL) throws {
            guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else {
                throw EvaluationError("The file \(url.path) cannot be read; is it there?")
            }
            self.init(name: url.lastPathComponent, digest: sha256(data))
        }
    }

    /// The command line, program name first.
    package var command: [String]
    /// Edits of the stream.
    package var edits: Int
    /// Edits between two rounds of probing right after the edit; absent for none.
    package var probeEvery: Int?
    /// The effective configuration of each method, by its name.
    package var configs: [String: JSONValue]
    /// Every seed that was used.
    package var seeds: [UInt64]
    /// The data files.
    package var data: [DataFile]
    /// Which wordings were taught; absent for a run that teaches none.
    package var split: Split?
    /// Which answer of a zsRE record was taught; absent for the usual, and where there is no choice.
    package var target: ZsRETarget?
    /// Whether edits that contradict an earlier one were left out; absent where they were not.
    package var isConsistent: Bool?
    /// Whether edits were taught without their subjects; absent where they were not.
    package var isWithoutSubjects: Bool?
    /// The base model's directory name.
    package var model: String
    /// SHA-256 of the base model's weights.
    package var modelDigest: String
    /// SHA-256 of the log's head and of what the adapters of an edited model had learned when it was
    /// opened; absent for a bare checkpoint.
    package var editsDigest: String?
    /// Versions of what computed: `errata`, `torch`, `swift`.
    package var versions: [String: String]
    /// Where: `cpu`, `cuda:0`.
    package var device: String
    /// What the base model computes in.
    package var dtype: String
    /// Threads of the engine.
    package var threads: Int
    /// The processor, not the machine's name.
    package var processor: String
    /// When the run began, ISO 8601.
    package var date: String

    /// A manifest of a run that begins now on this processor.
    package init(
        command: [String], edits: Int, probeEvery: Int? = nil, configs: [String: JSONValue],
        seeds: [UInt64], data: [DataFile],
        split: Split? = nil, target: ZsRETarget? = nil, isConsistent: Bool? = nil,
        isWithoutSubjects: Bool? = nil,
        model: String, modelDigest: String, editsDigest: String? = nil, versions: [String: String],
        device: String, dtype: String, threads: Int, processor: String = hostProcessor(),
        date: Date = .now
    ) {
        self.command = command
        self.edits = edits
        self.probeEvery = probeEvery
        self.configs = configs
        self.seeds = seeds
        self.data = data
        self.split = split
        self.target = target
        self.isConsistent = isConsistent
        self.isWithoutSubjects = isWithoutSubjects
        self.model = model
        self.modelDigest = modelDigest
        self.editsDigest = editsDigest
        self.versions = versions
        self.device = device
        self.dtype = dtype
        self.threads = threads
        self.processor = processor
        self.date = date.formatted(.iso8601)
    }
}

extension Manifest {
    /// Whether a row measured under this manifest is what a run under `other` would measure, its
    /// recipe aside.
    package func measuresLike(_ other: Manifest) -> Bool {
        var (left, right) = (self, other)
        (left.command, left.date, left.configs) = ([], "", [:])
        (right.command, right.date, right.configs) = ([], "", [:])
        return left == right
    }
}

/// SHA-256 of `data`, in hexadecimal.
package func sha256(_ data: Data) -> String {
    SHA256.hash(data: data).hexadecimal
}

/// The processor in a few words: *AMD EPYC, AVX2, 2 cores*.
package func hostProcessor() -> String {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return processor(in: information, cores: ProcessInfo.processInfo.activeProcessorCount)
}

/// The name that `information` has for the processor, its widest unit, and how many cores are at
/// hand. Several generations share a name, and one may be four times as fast as another.
///
/// - Parameter information: what Linux writes into `/proc/cpuinfo`.
func processor(in information: String, cores: Int) -> String {
    func field(_ name: String) -> String? {
        let line = information.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    }
    let flags = field("flags")?.split(separator: " ").map(String.init) ?? []
    let unit = widestUnits.first { flags.contains($0.flag) }?.name
    return [field("model name") ?? "unknown processor", unit, "\(cores) cores"]
        .compactMap(\.self).joined(separator: ", ")
}

/// From the widest: how Linux flags it, and its name.
private let widestUnits = [
    (flag: "amx_bf16", name: "AMX"), (flag: "avx512_bf16", name: "AVX-512 with bf16"),
    (flag: "avx512f", name: "AVX-512"), (flag: "avx2", name: "AVX2"),
]
