import Editing
import Edits
import Foundation
import LanguageModels
import Torch

extension ExportJob {
    /// Writes the checkpoint with the edited maps in place of the base's, loads it as any model, and
    /// compares.
    func writeMerged(in folder: ExportFolder, _ report: inout ExportReport) throws {
        guard let editing = method as? any MapEditing else {
            preconditionFailure("\(configuration.method) has no merged checkpoint")
        }
        let maps = try editing.editedMaps()
        guard !maps.isEmpty else { throw nothingLearned }
        let stored = try options.storedDtype.map { try DType($0) }
        let types = try CausalModel.rewrite(
            base.directory, to: folder.draft, replacing: maps, dtype: stored)
        try base.copyCompanions(to: folder.draft)
        let merged = try CausalModel.load(
            from: folder.draft, dtype: base.model.dtype, device: base.model.device)
        let cases = try cases()
        let read = try compared(cases) { try compare($0, with: merged, adaptation: nil) }
        let tolerance = (types.union([base.model.dtype])).map(ExportTolerance.of).max()!
        try prove(cases, read: read, tolerance: tolerance, in: folder, &report)
    }

    var nothingLearned: ErrataError {
        ErrataError(
            "expected a model that has learned edits, got one without; there is nothing to export.")
    }
}
