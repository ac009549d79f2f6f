import Foundation

/// Numbers as they stand on a figure.
enum NumberText {
    /// Three significant digits; all of a whole number.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "not finite" }
        if value == value.rounded(), abs(value) < 1e6 { return fixed(value, digits: 0) }
        let size = abs(value)
        if size >= 1e9 { return short(value / 1e9) + "\u{00A0}B" }
        if size >= 1e6 { return short(value / 1e6) + "\u{00A0}M" }
        if size > 0, size < 1e-4 { return scientific(value) }
        return fixed(value, digits: max(0, 2 - Int(log10(size).rounded(.down))))
    }

    /// The same for a round number, without the zeros that say nothing.
    static func round(_ value: Double) -> String {
        let parts = short(value).split(separator: "\u{00A0}")
        return ([trimmed(String(parts[0]))] + parts.dropFirst().map(String.init))
            .joined(separator: "\u{00A0}")
    }

    /// The ticks of one axis, alike in unit and decimals.
    static func ticks(_ values: [Double]) -> [String] {
        let largest = values.map(abs).max() ?? 0
        let (divisor, unit) =
            largest >= 2e9
            ? (1e9, "\u{00A0}B") : largest >= 2e6 ? (1e6, "\u{00A0}M") : (1, "")
        let texts = values.map { trimmed(fixed($0 / divisor, digits: 9)) }
        let decimals = texts.map { text in
            text.firstIndex(of: ".").map { text.distance(from: $0, to: text.endIndex) - 1 } ?? 0
        }
        return values.map { value in
            value == 0 ? "0" : fixed(value / divisor, digits: decimals.max() ?? 0) + unit
        }
    }

    /// So many decimals, thousands apart, and a true minus.
    static func fixed(_ value: Double, digits: Int) -> String {
        let parts = String(format: "%.\(digits)f", abs(value)).split(separator: ".")
        var whole = String(parts[0])
        var groups: [String] = []
        while whole.count > 3 {
            groups.insert(String(whole.suffix(3)), at: 0)
            whole.removeLast(3)
        }
        let text =
            ([whole] + groups).joined(separator: ",")
            + (parts.count > 1 ? ".\(parts[1])" : "")
        return value < 0 && text.contains { $0.isNumber && $0 != "0" } ? "−" + text : text
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        let kept = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(kept.reversed())
    }

    private static func scientific(_ value: Double) -> String {
        var power = Int(log10(abs(value)).rounded(.down))
        var mantissa = trimmed(fixed(value / pow(10, Double(power)), digits: 1))
        if mantissa == "10" { (mantissa, power) = ("1", power + 1) }
        let raised = String(-power).map { superscripts[$0.wholeNumberValue ?? 0] }
        return (mantissa == "1" ? "" : mantissa + "·") + "10⁻" + String(raised)
    }

    private static let superscripts = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
}
