package import Torch

/// Everything a model computed below a seam: what a suffix needs to go on, and nothing else.
///
/// The seam is one linear map of one MLP. Its unedited output is here already, so going on with an
/// edited map repeats nothing that is frozen. No gradient flows into any of it.
package struct PrefixActivations {
    /// The map at which the model was cut.
    package let seam: Site
    /// The residual stream after the seam block's attention, [B, T, D].
    package let residual: Tensor
    /// What enters the map, [B, T, in].
    package let input: Tensor
    /// What the unedited map makes of it, [B, T, out].
    package let output: Tensor
    /// What the output is multiplied with, [B, T, F]; only above a gated expansion.
    package let gate: Tensor?
    /// The inputs of the maps that were to be tapped, [B, T, in of the site].
    package let taps: [Site: Tensor]
    let arrangement: Arrangement

    /// How many of each row's tokens are real.
    package var lengths: [Int] { arrangement.lengths }
    /// How many columns there are, T.
    package var width: Int { arrangement.width }
    /// How many rows there are, B.
    package var count: Int { arrangement.lengths.count }

    /// The rows that `index` names, in its order, as narrow as they allow, in storage of their own.
    package func rows(_ index: [Int]) throws -> PrefixActivations {
        var chosen = arrangement.rows(index)
        chosen.width = chosen.lengths.max() ?? 0
        let width = chosen.width
        let rows = try Tensor(index, shape: [index.count], device: residual.device)
        return try mapped(to: chosen) {
            try $0.narrowed(dim: 1, start: 0, length: width).selected(dim: 0, index: rows)
        }
    }

    /// One batch of all rows of `parts`, padded with zeros to the widest.
    ///
    /// The parts must be cut at one seam with the same taps, and none may follow a cache.
    package static func joined(_ parts: [PrefixActivations]) throws -> PrefixActivations {
        guard let first = parts.first,
            parts.allSatisfy({ part in
                part.seam == first.seam && part.arrangement.past == nil
                    && part.taps.keys == first.taps.keys
            })
        else {
            preconditionFailure("joined prefixes must be whole and cut alike")
        }
        let arrangement = Arrangement(lengths: parts.flatMap(\.lengths))
        func join(_ tensors: [Tensor]) throws -> Tensor {
            try Tensor.concatenated(tensors.map { try $0.padded(to: arrangement.width) }, dim: 0)
        }
        return PrefixActivations(
            seam: first.seam, residual: try join(parts.map(\.residual)),
            input: try join(parts.map(\.input)), output: try join(parts.map(\.output)),
            gate: first.gate == nil ? nil : try join(parts.map { $0.gate! }),
            taps: Dictionary(
                uniqueKeysWithValues: try first.taps.keys.map { site in
                    (site, try join(parts.map { $0.taps[site]! }))
                }),
            arrangement: arrangement)
    }

    /// The bytes its tensors hold.
    package var byteCount: Int {
        ([residual, input, output] + (gate.map { [$0] } ?? []) + taps.values)
            .reduce(0) { $0 + $1.byteCount }
    }

    private func mapped(
        to arrangement: Arrangement, _ change: (Tensor) throws -> Tensor
    ) throws -> PrefixActivations {
        PrefixActivations(
            seam: seam, residual: try change(residual), input: try change(input),
            output: try change(output), gate: try gate.map(change),
            taps: try taps.mapValues(change),
            arrangement: arrangement)
    }
}

extension Tensor {
    /// [B, T, D] made `width` columns wide with zeros on the right.
    fileprivate func padded(to width: Int) throws -> Tensor {
        guard size(1) < width else { return self }
        let zeros = try Tensor.zeros(
            [size(0), width - size(1), size(2)], dtype: dtype, device: device)
        return try Tensor.concatenated([self, zeros], dim: 1)
    }
}
