/// What the split patterns tell apart: `\p{L}`, `\p{N}`, `\s` and everything else.
enum ScalarClass: UInt8 {
    case other, letter, number, space

    /// The class of `scalar`.
    @inline(__always)
    init(_ scalar: Unicode.Scalar) {
        if scalar.value < UInt32(Self.plane.count) {
            self = Self.plane.withUnsafeBufferPointer { $0[Int(scalar.value)] }
        } else {
            self.init(lookingUp: scalar)
        }
    }

    /// The classes of the first plane, looked up once.
    private static let plane: [ScalarClass] = (UInt32(0)..<0x10000).map { value in
        Unicode.Scalar(value).map(ScalarClass.init(lookingUp:)) ?? .other
    }

    private init(lookingUp scalar: Unicode.Scalar) {
        guard scalar.isKnown else {
            self = .other
            return
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = .letter
        case .decimalNumber, .letterNumber, .otherNumber:
            self = .number
        default:
            self = properties.isWhitespace ? .space : .other
        }
    }
}

extension Unicode.Scalar {
    /// Whether the regular expressions of PyPI's `tokenizers` know the character: to their
    /// Unicode 16, what came later is neither letter nor number nor part of a word.
    var isKnown: Bool {
        guard let age = properties.age else { return false }
        return (age.major, age.minor) <= (16, 0)
    }

    /// Whether the package's `Digits` cuts here: it knows later characters than the expressions do.
    var isDigit: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The scalar at `index` and where the next one begins. The bytes must be valid UTF-8.
    @inline(__always)
    func scalar(at index: Int) -> (scalar: Unicode.Scalar, next: Int) {
        let first = UInt32(self[index])
        if first < 0x80 { return (Unicode.Scalar(UInt8(first)), index + 1) }
        let second = UInt32(self[index + 1] & 0x3F)
        if first < 0xE0 { return (Self.scalar((first & 0x1F) << 6 | second), index + 2) }
        let third = UInt32(self[index + 2] & 0x3F)
        if first < 0xF0 {
            return (Self.scalar((first & 0x0F) << 12 | second << 6 | third), index + 3)
        }
        let fourth = UInt32(self[index + 3] & 0x3F)
        let value = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
        return (Self.scalar(value), index + 4)
    }

    /// The scalar that ends before `index`.
    func scalar(before index: Int) -> (scalar: Unicode.Scalar, start: Int) {
        var start = index - 1
        while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
        return (scalar(at: start).scalar, start)
    }

    /// The class of the scalar at `index` and where the next one begins.
    @inline(__always)
    func scalarClass(at index: Int) -> (class: ScalarClass, next: Int) {
        let (scalar, next) = scalar(at: index)
        return (ScalarClass(scalar), next)
    }

    /// Where the section that begins at `start` ends: a digit, or a run of them, or what stands
    /// before the next digit.
    func endOfDigits(from start: Int, areSingle: Bool) -> Int {
        let (first, next) = scalar(at: start)
        var end = next
        if first.isDigit, areSingle { return end }
        while end < count {
            let (scalar, next) = scalar(at: end)
            if scalar.isDigit != first.isDigit { break }
            end = next
        }
        return end
    }

    @inline(__always)
    private static func scalar(_ value: UInt32) -> Unicode.Scalar {
        Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}
