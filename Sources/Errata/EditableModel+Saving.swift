import EditStorage
import Edits
public import Foundation

extension EditableModel {
    /// Writes the log and what was learned into a new directory, whole or not at all; the base model
    /// stays where it is. Others may read and write meanwhile.
    ///
    /// - Throws: one sentence for a directory that exists or cannot be written.
    public func save(to directory: URL) throws {
        try SavedModel(base: base.directory).adopt(directory) { draft in
            if let log = journal.log {
                try log.backup(to: draft)
            } else {
                let log = try EditLog(writing: draft)
                var adapters = adapters
                let snapshot = adapters.batches.isEmpty ? nil : try adapters.snapshot(in: log)
                try log.begin(with: journal.ledger.events, snapshot: snapshot)
            }
        }
    }
}
