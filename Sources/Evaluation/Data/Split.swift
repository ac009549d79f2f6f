package import Edits

/// Which wordings of an edit are taught, and which measure generalization (evaluation.md §2).
package enum Split: String, Codable, Sendable, CaseIterable {
    /// The prompt alone is taught; every rephrasing measures.
    case promptOnly = "prompt-only"
    /// The prompt and the first half of its rephrasings are taught; the rest measure. A single
    /// rephrasing measures.
    case paper

    /// `record` cut into what is taught and what measures.
    package func cut(_ record: EditRecord) -> SplitEdit {
        let taught = self == .paper ? record.rephrases.count / 2 : 0
        var edit = record
        edit.rephrases = Array(record.rephrases.prefix(taught))
        return SplitEdit(edit: edit, heldOut: Array(record.rephrases.dropFirst(taught)))
    }

    /// The first `count` records that have a rephrasing, in file order, each cut.
    ///
    /// - Throws: `EvaluationError` where there are fewer.
    package func first(_ count: Int, of records: [EditRecord]) throws -> [SplitEdit] {
        let usable = records.lazy.filter { !$0.rephrases.isEmpty }
        let edits = usable.prefix(max(count, 0)).map(cut)
        guard count > 0, edits.count == count else {
            throw EvaluationError(
                "\(count) edits were asked for, but the data has \(usable.count) with a rephrasing; "
                    + "ask for 1 to \(usable.count).")
        }
        return Array(edits)
    }
}

/// An edit to teach, and the wordings kept back from it.
package struct SplitEdit: Sendable, Equatable {
    /// What is taught: its `rephrases` are trained on together with its prompt.
    package var edit: EditRecord
    /// Rephrasings never seen in training.
    package var heldOut: [String]

    /// Rows trained on: the prompt and its taught rephrasings.
    package var rows: Int { 1 + edit.rephrases.count }

    /// Everything that is asked about the edit, the `index`-th of the stream.
    package func probes(index: Int) -> [Probe] {
        func probe(_ kind: Probe.Kind, _ prompt: String, number: Int = 0) -> Probe {
            Probe(
                edit: edit.id, index: index, kind: kind, number: number, prompt: prompt,
                target: edit.target, formerAnswer: edit.formerAnswer)
        }
        var probes = [probe(.edit, edit.prompt)]
        probes += edit.rephrases.enumerated().map { probe(.taughtRephrase, $1, number: $0) }
        probes += heldOut.enumerated().map { probe(.rephrase, $1, number: $0) }
        probes += edit.locality.enumerated().map { number, neighbour in
            Probe(
                edit: edit.id, index: index,
                kind: neighbour.kind == .neighbour ? .neighbour : .unrelated, number: number,
                prompt: neighbour.prompt, target: neighbour.answer, formerAnswer: nil)
        }
        return probes
    }
}
