package import Torch

extension CausalModel {
    /// A model with random weights, as one is before training.
    ///
    /// Every tensor is made in the type it is computed in, so memory peaks at the weights' size.
    /// Matrices are normal with deviation 0.02; those that write into the residual stream are
    /// smaller by √(2 · blocks) (GPT-2, section 2.3), which keeps deep models from blowing up.
    package static func random(
        _ configuration: ModelConfiguration, seed: UInt64, dtype: DType = .float32,
        device: Device = .cpu
    ) throws -> CausalModel {
        try configuration.validate()
        let dtype = try computable(dtype)
        try device.requireAvailable()
        var stream = RandomStream(seed: seed)
        return try withoutGradients {
            try CausalModel(configuration, dtype: dtype, device: device) { parameter in
                try parameter.initial(
                    seed: stream.next(), blocks: configuration.blocks, dtype: dtype, device: device)
            }
        }
    }
}

extension ParameterShape {
    private static let deviation = 0.02

    /// What this parameter is before any training.
    fileprivate func initial(
        seed: UInt64, blocks: Int, dtype: DType, device: Device
    ) throws -> Tensor {
        switch kind {
        case .scale: return try Tensor.ones(shape, dtype: dtype, device: device)
        case .bias: return try Tensor.zeros(shape, dtype: dtype, device: device)
        case .matrix, .affineMatrix:
            return try matrix(Self.deviation, seed: seed, dtype: dtype, device: device)
        case .residualMatrix:
            let deviation = Self.deviation / Double(2 * blocks).squareRoot()
            return try matrix(deviation, seed: seed, dtype: dtype, device: device)
        }
    }

    private func matrix(
        _ deviation: Double, seed: UInt64, dtype: DType, device: Device
    ) throws -> Tensor {
        let stored = isAffine ? [shape[1], shape[0]] : shape
        let values = try Tensor.normal(
            stored, deviation: deviation, seed: seed, dtype: dtype, device: device)
        return isAffine ? try values.transposed(0, 1) : values
    }
}
