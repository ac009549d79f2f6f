import Edits
public import Foundation
import LanguageModels
import Tokenizers
import Torch

extension EditableModel {
    /// Whether `directory` holds what `save(to:)` wrote, or at least says so.
    public static func isSaved(in directory: URL) -> Bool {
        FileManager.default.fileExists(
            atPath: directory.appending(path: SavedModel.fileName).path)
    }
}

extension ModelOptions {
    /// Checks what can be checked before a model is opened.
    ///
    /// - Throws: `ErrataError` for a device or a type that does not exist, or is not there.
    public func validate() throws {
        do {
            try Device(device).requireAvailable()
            if dtype != "auto" { try requireComputable(DType(dtype)) }
        } catch let error as TorchError {
            throw ErrataError(error.message)
        }
    }

    private func requireComputable(_ dtype: DType) throws {
        guard dtype == .float32 || dtype == .bfloat16 else {
            throw ErrataError(
                "expected a type to compute in, f32 or bf16, got \(dtype); files may hold others.")
        }
    }
}

/// Whether `error` speaks of what was given (a file, a key, a prompt), not of what failed.
public func isAboutInput(_ error: any Error) -> Bool {
    error is EditError || error is ErrataError || error is ModelError || error is TokenizerError
}
