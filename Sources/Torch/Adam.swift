import Foundation

/// Adam (Kingma & Ba, arXiv 1412.6980, algorithm 1), with the arithmetic order of `torch.optim.Adam`;
/// a weight decay is decoupled as in AdamW (arXiv 1711.05101).
package struct Adam {
    package var learningRate: Double
    package let beta1: Double
    package let beta2: Double
    package let epsilon: Double
    package let weightDecay: Double
    private let parameters: [Tensor]
    private var means: [Tensor?]
    private var variances: [Tensor?]
    private var steps: [Int]

    package init(
        parameters: [Tensor], learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-8, weightDecay: Double = 0
    ) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        means = Array(repeating: nil, count: parameters.count)
        variances = means
        steps = Array(repeating: 0, count: parameters.count)
    }

    /// Moves every parameter that has a gradient, then clears the gradients.
    package mutating func step() throws {
        try withoutGradients {
            for index in parameters.indices {
                guard let gradient = try parameters[index].gradient else { continue }
                try move(index, along: gradient)
                try parameters[index].clearGradient()
            }
        }
    }

    private mutating func move(_ index: Int, along gradient: Tensor) throws {
        let parameter = parameters[index]
        let mean = try means[index] ?? parameter.zerosLike()
        let variance = try variances[index] ?? parameter.zerosLike()
        (means[index], variances[index]) = (mean, variance)
        steps[index] += 1
        let step = Double(steps[index])

        if weightDecay != 0 { try parameter.multiply(by: 1 - learningRate * weightDecay) }
        // m ← m + (1 - β1)(g - m)
        try mean.add(gradient - mean, scale: 1 - beta1)
        // v ← β2 v + (1 - β2) g²
        try variance.multiply(by: beta2)
        try variance.addProduct(gradient, gradient, scale: 1 - beta2)
        let correction1 = 1 - pow(beta1, step)
        let correction2 = (1 - pow(beta2, step)).squareRoot()
        let denominator = try variance.sqrt() / correction2 + epsilon
        try parameter.addQuotient(mean, denominator, scale: -learningRate / correction1)
    }
}
