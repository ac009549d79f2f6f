/// How far numbers may be apart, and why.
package struct Tolerance: Sendable {
    package let relative: Double
    package let absolute: Double

    /// torch's own default for float32: both sides run the same kernels on one machine, but another
    /// processor may choose others.
    package static let float32 = Tolerance(relative: 1.3e-6, absolute: 1e-5)

    /// Gradients and losses of a second implementation that orders its sums differently.
    package static let twin = Tolerance(relative: 1e-5, absolute: 1e-5)

    /// Tensors after ten steps of Adam: where a gradient is nearly zero, g/√g² makes much of its last
    /// bit. The twin itself is up to 1e-5 from its own float64 run (`rounding` in the fixtures).
    package static let afterAdam = Tolerance(relative: 1e-5, absolute: 5e-5)

    /// bfloat16 keeps 8 bits: one step of its last bit.
    package static let bfloat16 = Tolerance(relative: 8e-3, absolute: 8e-3)

    /// Double precision on both sides, whose searches stop once they are within 1e-10.
    package static let float64 = Tolerance(relative: 1e-8, absolute: 1e-10)

    /// Scores of one row among others against the same row alone: the engine multiplies several rows
    /// by other kernels than one, which add up in another order. As `float32` for that reason.
    package static let batch = Tolerance(relative: 1.3e-6, absolute: 1e-5)

    package func allows(_ a: Double, _ b: Double) -> Bool {
        a == b || abs(a - b) <= absolute + relative * abs(b)
    }

    /// The first place where two lists are further apart, in words; nil when there is none.
    package func firstDifference(_ a: [Float], _ b: [Float]) -> String? {
        guard a.count == b.count else { return "\(a.count) values against \(b.count)" }
        for (index, (x, y)) in zip(a, b).enumerated() where !allows(Double(x), Double(y)) {
            return "value \(index): \(x) against \(y)"
        }
        return nil
    }
}
