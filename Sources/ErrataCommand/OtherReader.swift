import Errata
import Foundation

/// `reference/export_check.py`: reads an export with PyPI's `peft` and `transformers`.
struct OtherReader: Sendable {
    private static let script = "reference/export_check.py"
    private static let usualPython = ".libtorch/python/bin/python"

    private let python: URL
    private let script: URL

    /// Finds the script and a Python that has the packages; nil where there is none.
    ///
    /// - Parameter isWanted: true insists, false looks for nothing.
    /// - Throws: `WrongInput` for a reader that is asked for by name or by flag and is not there.
    init?(python path: String?, isWanted: Bool?) throws {
        guard isWanted != false else { return nil }
        let python =
            path.map { URL(filePath: $0) } ?? besideProgram(Self.usualPython, looksHere: false)
        guard let python, let script = besideProgram(Self.script, looksHere: false),
            Self.run(python, [script.path, "--packages"])?.status == 0
        else {
            guard path == nil, isWanted == nil else {
                throw WrongInput(
                    "expected a Python with peft and transformers, and \(Self.script), got "
                        + "\(python?.path ?? "none"); run Scripts/bootstrap --export, or use "
                        + "--no-check.")
            }
            return nil
        }
        self.python = python
        self.script = script
    }

    /// Lets it read a draft.
    func check(_ draft: ExportDraft) throws -> ExportReading {
        let arguments = [
            script.path, "--folder", draft.folder.path, "--format", draft.format.rawValue, "--base",
            draft.base.path, "--dtype", draft.dtype, "--cases", draft.cases.path,
        ]
        guard let ended = Self.run(python, arguments), ended.status == 0 else {
            throw Failure(
                "peft and transformers could not read the export (see above); nothing was exported, "
                    + "--no-check leaves them out.")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(ExportReading.self, from: ended.output)
        } catch {
            throw Failure(
                "expected JSON from \(Self.script), got something else (\(error)); nothing was "
                    + "exported.")
        }
    }

    /// What it says on standard error is seen; nil where it could not be started.
    private static func run(
        _ python: URL, _ arguments: [String]
    ) -> (status: Int32, output: Data)? {
        let process = Process()
        process.executableURL = python
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, data)
    }
}
