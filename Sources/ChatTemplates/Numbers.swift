import Foundation

/// The arithmetic of Python, with whole numbers of 64 bits only.
enum Numbers {
    static func compute(_ left: Int, _ operation: Operation, _ right: Int) throws -> Value {
        switch operation {
        case .add: return .integer(try whole(left.addingReportingOverflow(right)))
        case .subtract: return .integer(try whole(left.subtractingReportingOverflow(right)))
        case .multiply: return .integer(try whole(left.multipliedReportingOverflow(by: right)))
        case .divide: return .float(try compute(Double(left), .divide, Double(right)))
        case .divideToFloor: return .integer(try floorDivision(left, right).quotient)
        case .remainder: return .integer(try floorDivision(left, right).remainder)
        case .power where right < 0:
            return .float(try compute(Double(left), .power, Double(right)))
        case .power: return .integer(try power(left, right))
        }
    }

    static func compute(_ left: Double, _ operation: Operation, _ right: Double) throws -> Double {
        switch operation {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .divide:
            try checkDivisor(right)
            return left / right
        case .divideToFloor: return try floorDivision(left, right).quotient
        case .remainder: return try floorDivision(left, right).remainder
        case .power:
            let power = pow(left, right)
            // Python has an error for what is infinite, imaginary or divided by zero.
            guard power.isFinite || !left.isFinite || !right.isFinite else {
                throw ChatTemplateError("expected a power that exists, got \(left) ** \(right).")
            }
            return power
        }
    }

    /// The result of an operation, when it fits.
    static func whole(_ result: (partialValue: Int, overflow: Bool)) throws -> Int {
        guard !result.overflow else {
            throw ChatTemplateError("expected whole numbers of at most 64 bits, got a larger one.")
        }
        return result.partialValue
    }

    /// Rounded down, so that the remainder has the sign of the divisor.
    private static func floorDivision(
        _ left: Int, _ right: Int
    ) throws -> (quotient: Int, remainder: Int) {
        try checkDivisor(Double(right))
        let quotient = try whole(left.dividedReportingOverflow(by: right))
        let remainder = try whole(left.remainderReportingOverflow(dividingBy: right))
        let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
        return isBelow ? (quotient - 1, remainder + right) : (quotient, remainder)
    }

    private static func floorDivision(
        _ left: Double, _ right: Double
    ) throws -> (quotient: Double, remainder: Double) {
        try checkDivisor(right)
        var remainder = fmod(left, right)
        var quotient = (left - remainder) / right
        if remainder == 0 {
            remainder = copysign(0, right)
        } else if (remainder < 0) != (right < 0) {
            remainder += right
            quotient -= 1
        }
        return (quotient == 0 ? copysign(0, left / right) : quotient.rounded(), remainder)
    }

    private static func checkDivisor(_ divisor: Double) throws {
        guard divisor != 0 else {
            throw ChatTemplateError("expected a divisor other than 0, got 0.")
        }
    }

    private static func power(_ base: Int, _ exponent: Int) throws -> Int {
        var result = 1
        var square = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = try whole(result.multipliedReportingOverflow(by: square)) }
            rest >>= 1
            if rest > 0 { square = try whole(square.multipliedReportingOverflow(by: square)) }
        }
        return result
    }
}
