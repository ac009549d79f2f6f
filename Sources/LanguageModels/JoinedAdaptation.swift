import Torch

/// What was decided for each row of a batch, one by one, as one adaptation.
///
/// Each part computes its own rows, and rows without any keep what the unedited map gives, so every
/// row is computed as if it were alone with those of its kind.
struct JoinedAdaptation: Adaptation {
    private struct Part {
        let adaptation: any Adaptation
        let rows: [Int]
        /// The same as a tensor, int64 [rows].
        let index: Tensor
    }

    private let parts: [Part]

    /// - Parameter rows: what each row is adapted by, of one row each; nil for the unedited model.
    init(_ rows: [(any Adaptation)?], _ model: CausalModel) throws {
        var groups: [Kind: [Int]] = [:]
        for (row, adaptation) in rows.enumerated() {
            guard let adaptation else { continue }
            groups[Kind(adaptation, row: row), default: []].append(row)
        }
        parts = try groups.values.sorted { $0[0] < $1[0] }.map { group in
            Part(
                adaptation: try joined(group.map { rows[$0]! }), rows: group,
                index: try Tensor(group, shape: [group.count], device: model.device))
        }
    }

    var isEmpty: Bool { parts.isEmpty }

    func adapts(_ site: Site) -> Bool { parts.contains { $0.adaptation.adapts(site) } }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        let active = parts.filter { $0.adaptation.adapts(site) }
        let count = base.size(0)
        if active.count == 1, active[0].rows.count == count {
            return try active[0].adaptation.output(
                at: site, input: input, base: base, start: start)
        }
        var outputs = [base]  // [B, T, out], then [rows, T, out] of each part
        var places = Array(0..<count)
        var next = count
        for part in active {
            outputs.append(
                try part.adaptation.output(
                    at: site, input: input.selected(dim: 0, index: part.index),
                    base: base.selected(dim: 0, index: part.index), start: start))
            for row in part.rows {
                places[row] = next
                next += 1
            }
        }
        let index = try Tensor(places, shape: [count], device: base.device)
        return try Tensor.concatenated(outputs, dim: 0).selected(dim: 0, index: index)
    }
}

/// Rows of one kind are computed together.
private struct Kind: Hashable {
    let type: ObjectIdentifier
    let origin: ObjectIdentifier?
    /// A row that can be joined to no other.
    let row: Int?

    init(_ adaptation: any Adaptation, row: Int) {
        type = ObjectIdentifier(Swift.type(of: adaptation))
        origin = (adaptation as? any JoiningAdaptation)?.origin
        self.row = origin == nil ? row : nil
    }
}

/// One adaptation for rows of one kind.
private func joined(_ rows: [any Adaptation]) throws -> any Adaptation {
    guard rows.count > 1, let first = rows[0] as? any JoiningAdaptation else { return rows[0] }
    func join<Kind: JoiningAdaptation>(_: Kind) throws -> any Adaptation {
        try Kind.joined(rows.map { $0 as! Kind })
    }
    return try join(first)
}
