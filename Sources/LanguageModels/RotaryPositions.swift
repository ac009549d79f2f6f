import Foundation

/// How rotary positions are stretched beyond the length a model was trained on.
package enum RotaryScaling: Codable, Sendable, Equatable {
    /// Positions divided by `factor`.
    case linear(factor: Double)
    /// NTK-aware: the base grows with the sequence once it passes the trained context.
    case dynamic(factor: Double)
    /// LLaMA 3.1: long wavelengths divided by `factor`, short ones kept, a ramp between.
    case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, trainedLength: Int)
    /// YaRN: a ramp between kept and divided frequencies, and sharper attention.
    case yarn(Yarn)

    /// How many times as long as in training a text may be.
    var factor: Double {
        switch self {
        case .linear(let factor), .dynamic(let factor), .llama3(let factor, _, _, _): factor
        case .yarn(let yarn): yarn.factor
        }
    }
}

/// The numbers of YaRN (Peng et al., 2023).
package struct Yarn: Codable, Sendable, Equatable {
    package var factor: Double
    package var trainedLength: Int
    package var fastRotations = 32.0
    package var slowRotations = 1.0
    /// What cosines and sines are multiplied by.
    package var attentionFactor: Double
    package var truncates = true
}

/// Rotary position embedding: pairs of a head's numbers turn by an angle that grows with position.
package struct RotaryPositions: Codable, Sendable, Equatable {
    /// The base wavelength θ.
    package var base = 10_000.0
    package var scaling: RotaryScaling?

    /// What cosines and sines are multiplied by; 1 except for YaRN.
    var amplitude: Double {
        if case .yarn(let yarn)? = scaling { yarn.attentionFactor } else { 1 }
    }

    /// Whether `frequencies` are others for longer sequences.
    var dependsOnLength: Bool { if case .dynamic? = scaling { true } else { false } }

    /// The angle each pair turns per position, for a sequence of `length` tokens: [d / 2].
    ///
    /// In 32-bit arithmetic, step for step as the reference implementation does it: at position
    /// 1,000 the last bit of a frequency is already visible in a logit.
    func frequencies(headWidth: Int, contextLength: Int, length: Int) -> [Float] {
        let plain = frequencies(base: base, headWidth: headWidth)
        switch scaling {
        case nil: return plain
        case .linear(let factor): return plain.map { $0 / Float(factor) }
        case .llama3(let factor, let low, let high, let trained):
            return plain.map {
                llama3(
                    $0, factor: Float(factor), low: Float(low), high: Float(high),
                    trained: Float(trained))
            }
        case .yarn(let yarn): return yarn.stretched(plain, base: base, headWidth: headWidth)
        case .dynamic(let factor):
            guard length > contextLength else { return plain }
            let stretch = factor * Double(length) / Double(contextLength) - (factor - 1)
            let exponent = Double(headWidth) / Double(headWidth - 2)
            return frequencies(base: base * pow(stretch, exponent), headWidth: headWidth)
        }
    }

    private func frequencies(base: Double, headWidth: Int) -> [Float] {
        stride(from: 0, to: headWidth, by: 2).map {
            1 / powf(Float(base), Float($0) / Float(headWidth))
        }
    }

    private func llama3(
        _ frequency: Float, factor: Float, low: Float, high: Float, trained: Float
    ) -> Float {
        let wavelength = Float(2 * Double.pi) / frequency
        if wavelength < trained / high { return frequency }
        if wavelength > trained / low { return frequency / factor }
        let kept = (trained / wavelength - low) / (high - low)
        return (1 - kept) * frequency / factor + kept * frequency
    }
}

extension Yarn {
    /// Fast pairs keep their frequency, slow ones are divided by the factor, a ramp between.
    func stretched(_ plain: [Float], base: Double, headWidth: Int) -> [Float] {
        var low = pair(turning: fastRotations, base: base, headWidth: headWidth)
        var high = pair(turning: slowRotations, base: base, headWidth: headWidth)
        if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        (low, high) = (max(low, 0), min(high, Double(headWidth - 1)))
        if low == high { high += 0.001 }
        return plain.enumerated().map { index, frequency in
            let ramp = Float(min(max((Double(index) - low) / (high - low), 0), 1))
            return frequency / Float(factor) * ramp + frequency * (1 - ramp)
        }
    }

    /// The pair that makes `rotations` full turns over the trained length.
    private func pair(turning rotations: Double, base: Double, headWidth: Int) -> Double {
        Double(headWidth) * log(Double(trainedLength) / (rotations * 2 * .pi)) / (2 * log(base))
    }
}
