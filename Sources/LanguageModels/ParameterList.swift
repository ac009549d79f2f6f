import Torch

/// What one parameter of a model looks like.
struct ParameterShape: Equatable {
    enum Kind {
        /// A matrix [out, in] or an embedding.
        case matrix
        /// A matrix [in, out], kept with each output's weights side by side in memory.
        case affineMatrix
        /// A matrix that writes into the residual stream.
        case residualMatrix(isAffine: Bool)
        case scale, bias
    }

    let name: String
    let shape: [Int]
    let kind: Kind

    static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.shape == right.shape
    }

    var isAffine: Bool {
        switch kind {
        case .affineMatrix, .residualMatrix(isAffine: true): true
        case .matrix, .residualMatrix, .scale, .bias: false
        }
    }
}

/// Collects a model's parameters in order while its parts are put together.
struct ParameterList {
    /// Where a parameter's values come from: a file, or a seed.
    typealias Source = (ParameterShape) throws -> Tensor

    private(set) var all: [(name: String, tensor: Tensor)] = []
    private let source: Source

    init(source: @escaping Source) {
        self.source = source
    }

    mutating func take(
        _ name: String, _ shape: [Int], _ kind: ParameterShape.Kind = .matrix
    ) throws -> Tensor {
        let tensor = try source(ParameterShape(name: name, shape: shape, kind: kind))
        all.append((name, tensor))
        return tensor
    }

    /// `name.weight` [out, in] and, where there is one, `name.bias`.
    mutating func linear(
        _ name: String, from inputs: Int, to outputs: Int, hasBias: Bool,
        _ kind: ParameterShape.Kind = .matrix
    ) throws -> LinearMap {
        LinearMap(
            weight: try take("\(name).weight", [outputs, inputs], kind),
            bias: hasBias ? try take("\(name).bias", [outputs], .bias) : nil)
    }

    /// `name.weight` [in, out] and `name.bias`.
    mutating func affine(
        _ name: String, from inputs: Int, to outputs: Int,
        _ kind: ParameterShape.Kind = .affineMatrix
    ) throws -> AffineMap {
        AffineMap(
            weight: try take("\(name).weight", [inputs, outputs], kind),
            bias: try take("\(name).bias", [outputs], .bias))
    }
}
