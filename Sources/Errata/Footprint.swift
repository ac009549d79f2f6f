public import Foundation
import LanguageModels
import Torch

/// How much memory there is and how much a model wants, before anything is loaded.
public enum Footprint {
    /// Bytes that the weights of the checkpoint in `directory` take once they are loaded.
    ///
    /// - Throws: one sentence naming the file that is missing or damaged.
    public static func weights(in directory: URL, options: ModelOptions) throws -> Int {
        let dtype = try BaseModel.dtype(options.dtype, for: directory)
        return try CausalModel.parameterCount(in: directory) * dtype.byteCount
    }

    /// Bytes that are free on `device`: of the machine for `cpu`, of the card for `cuda:0` where
    /// its driver's program says; nil where nobody knows.
    public static func free(on device: String) -> Int? {
        device.hasPrefix("cuda") ? freeOnCard(device) : freeInMachine
    }

    private static var freeInMachine: Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return kilobytes * 1024
    }

    private static func freeOnCard(_ device: String) -> Int? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits",
            "--id=\(device.split(separator: ":").dropFirst().first ?? "0")",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: said, as: UTF8.self)
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 << 20 }
    }
}
