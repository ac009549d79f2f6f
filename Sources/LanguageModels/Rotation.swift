import Torch

/// Cosines and sines of the angles by which rotary positions turn queries and keys, in f32.
struct Rotation {
    let cosine: Tensor  // [B or 1, 1, T, d]
    let sine: Tensor  // [B or 1, 1, T, d]

    /// - Parameters:
    ///   - positions: [B or 1, T].
    ///   - lengths: how long each row is with its last token here; dynamic scaling depends on it.
    init(
        _ rotary: RotaryPositions, positions: Tensor, lengths: [Int],
        configuration: ModelConfiguration
    ) throws {
        let half = configuration.headWidth / 2
        let lengths = rotary.dependsOnLength ? lengths : Array(lengths.prefix(1))
        let perRow = lengths.map {
            rotary.frequencies(
                headWidth: configuration.headWidth, contextLength: configuration.contextLength,
                length: $0)
        }
        let isShared = perRow.allSatisfy { $0 == perRow[0] }
        let frequencies = try Tensor(
            isShared ? perRow[0] : perRow.flatMap(\.self),
            shape: [isShared ? 1 : lengths.count, 1, half], device: positions.device)
        let angles = try positions.to(.float32).unsqueezed(-1) * frequencies  // [B, T, d / 2]
        let whole = try Tensor.concatenated([angles, angles], dim: -1).unsqueezed(1)
        cosine = try whole.cos() * rotary.amplitude
        sine = try whole.sin() * rotary.amplitude
    }

    /// Turns each pair (i, i + d / 2) of every head by its angle.
    ///
    /// - Parameter x: queries or keys, [B, H, T, d].
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let half = x.size(-1) / 2
        let first = try x.narrowed(dim: -1, start: 0, length: half)
        let second = try x.narrowed(dim: -1, start: half, length: half)
        let turned = try Tensor.concatenated([second.negated(), first], dim: -1)
        return try (x * cosine + turned * sine).to(x.dtype)  // [B, H, T, d]
    }
}
