import Foundation
import Torch

/// What PyTorch made of every operation, and of its gradients: reference/ops.py has the format.
struct OpsFixture {
    struct Case: Decodable, Sendable, CustomStringConvertible {
        let name: String
        let op: String
        let arguments: Arguments
        let inputs: [String?]
        let outputs: [String]
        let weights: String?
        let gradients: [String?]

        var description: String { name }
    }

    /// Everything an operation takes that is not a tensor.
    struct Arguments: Decodable, Sendable {
        let shape, dims: [Int]?
        let dtype: String?
        let dim, a, b, start, end, length, index, k, ignoring: Int?
        let value, scale, epsilon, learningRate, beta1, beta2, weightDecay: Double?
        let keepDim, isCausal, groupedQueries: Bool?
    }

    private struct Document: Decodable {
        let cases: [Case]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func cases() throws -> [Case] {
        try JSONDecoder().decode(
            Document.self, from: Data(contentsOf: folder.appending(path: "ops.json"))
        ).cases
    }

    let tensors = Result { try SafetensorsFile(folder.appending(path: "ops.safetensors")) }

    /// A copy that may be changed and may collect gradients.
    func tensor(_ name: String) throws -> Tensor {
        try tensors.get().tensor(named: name).copy()
    }
}

/// One case with its tensors at hand.
struct Operation {
    let test: OpsFixture.Case
    let inputs: [Tensor?]

    private var arguments: OpsFixture.Arguments { test.arguments }
    private var dim: Int { arguments.dim! }
    private var value: Double { arguments.value! }
    private var all: [Tensor] { inputs.compactMap { $0 } }
    private var x: Tensor { inputs[0]! }
    private var y: Tensor { inputs[1]! }
    private var z: Tensor { inputs[2]! }

    /// The operation's tensors in order; nil for an operation that no one here knows.
    func outputs() throws -> [Tensor]? {
        if let one = try created() ?? shaped() ?? computed() ?? activated() ?? compared()
            ?? multiplied() ?? normalized() ?? inPlace()
        {
            return [one]
        }
        switch test.op {
        case "max":
            let (values, indices) = try x.max(dim: dim)
            return [values, indices]
        case "topK":
            let (values, indices) = try x.topK(arguments.k!, dim: dim)
            return [values, indices]
        default: return nil
        }
    }

    private func created() throws -> Tensor? {
        let dtype = try arguments.dtype.map { try DType($0) }
        switch test.op {
        case "zeros": return try .zeros(arguments.shape!, dtype: dtype!)
        case "ones": return try .ones(arguments.shape!, dtype: dtype!)
        case "full": return try .full(arguments.shape!, value: value, dtype: dtype!)
        case "arange": return try .arange(arguments.start!..<arguments.end!)
        case "concatenated": return try .concatenated(all, dim: dim)
        case "stacked": return try .stacked(all, dim: dim)
        case "to": return try x.to(dtype!)
        default: return nil
        }
    }

    private func shaped() throws -> Tensor? {
        switch test.op {
        case "reshaped": try x.reshaped(arguments.shape!)
        case "transposed": try x.transposed(arguments.a!, arguments.b!)
        case "permuted": try x.permuted(arguments.dims!)
        case "narrowed":
            try x.narrowed(dim: dim, start: arguments.start!, length: arguments.length!)
        case "selected": try x.selected(dim: dim, index: y)
        case "gathered": try x.gathered(dim: dim, index: y)
        case "scattered": try x.scattered(dim: dim, index: y, source: z)
        case "expanded": try x.expanded(arguments.shape!)
        case "unsqueezed": try x.unsqueezed(dim)
        case "squeezed": try x.squeezed(dim)
        case "at": try x.at(dim: dim, index: arguments.index!)
        default: nil
        }
    }

    private func computed() throws -> Tensor? {
        switch test.op {
        case "add": try x + y
        case "subtract": try x - y
        case "multiply": try x * y
        case "divide": try x / y
        case "addNumber": try x + value
        case "subtractNumber": try x - value
        case "multiplyNumber": try x * value
        case "divideNumber": try x / value
        case "negated": try x.negated()
        case "exp": try x.exp()
        case "log": try x.log()
        case "sqrt": try x.sqrt()
        case "pow": try x.pow(value)
        case "cos": try x.cos()
        case "sin": try x.sin()
        case "abs": try x.abs()
        default: nil
        }
    }

    private func activated() throws -> Tensor? {
        switch test.op {
        case "gelu": try x.gelu()
        case "geluTanh": try x.geluTanh()
        case "silu": try x.silu()
        case "sigmoid": try x.sigmoid()
        case "relu": try x.relu()
        case "softmax": try x.softmax(dim: dim)
        case "logSoftmax": try x.logSoftmax(dim: dim)
        default: nil
        }
    }

    private func compared() throws -> Tensor? {
        switch test.op {
        case "isEqual": try x.isEqual(to: y)
        case "isLess": try x.isLess(than: y)
        case "isAtLeast": try x.isAtLeast(y)
        case "logicalNot": try x.logicalNot()
        case "choose": try Tensor.choose(where: x, y, else: z)
        case "maskedFill": try x.maskedFill(where: y, value: value)
        case "argmax": try x.argmax(dim: dim)
        default: nil
        }
    }

    private func multiplied() throws -> Tensor? {
        switch test.op {
        case "matmul": try x.matmul(y)
        case "linear": try x.linear(weight: y, bias: inputs[2])
        case "affine": try x.affine(weight: y, bias: inputs[2])
        case "solved": try x.solved(for: y)
        case "embedding": try Tensor.embedding(weight: x, ids: y)
        case "attention":
            try Tensor.attention(
                query: x, key: y, value: z, mask: inputs[3], isCausal: arguments.isCausal!,
                scale: arguments.scale, groupedQueries: arguments.groupedQueries!)
        default: nil
        }
    }

    private func normalized() throws -> Tensor? {
        switch test.op {
        case "layerNorm": try x.layerNorm(weight: y, bias: inputs[2], epsilon: arguments.epsilon!)
        case "rmsNorm": try x.rmsNorm(weight: y, epsilon: arguments.epsilon!)
        case "crossEntropy": try Tensor.crossEntropy(x, labels: y, ignoring: arguments.ignoring!)
        case "sum":
            try arguments.dim.map { try x.sum(dim: $0, keepDim: arguments.keepDim!) } ?? x.sum()
        case "mean":
            try arguments.dim.map { try x.mean(dim: $0, keepDim: arguments.keepDim!) } ?? x.mean()
        default: nil
        }
    }

    /// The first input, which the operation has changed.
    private func inPlace() throws -> Tensor? {
        switch test.op {
        case "addInPlace": try x.add(y, scale: arguments.scale!)
        case "multiplyInPlace": try x.multiply(by: value)
        case "addProduct": try x.addProduct(y, z, scale: arguments.scale!)
        case "addQuotient": try x.addQuotient(y, z, scale: arguments.scale!)
        case "copyInPlace": try x.copy(from: y)
        case "adam": return try optimised()
        default: return nil
        }
        return x
    }

    /// One step of Adam along each gradient after the first input.
    private func optimised() throws -> Tensor {
        let parameter = try x.requireGradient()
        var optimizer = Adam(
            parameters: [parameter], learningRate: arguments.learningRate!,
            beta1: arguments.beta1!, beta2: arguments.beta2!, epsilon: arguments.epsilon!,
            weightDecay: arguments.weightDecay!)
        for gradient in all.dropFirst() {
            try (parameter * gradient).sum().backward()
            try optimizer.step()
        }
        return try parameter.detached()
    }
}
