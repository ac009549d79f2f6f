import Foundation

/// Figures as people read them; a dash where nothing was measured.
enum Figure {
    static let absent = "–"

    /// A share in percent with one decimal, the unit left to the heading.
    static func percent(_ share: Double?) -> String { decimal(share.map { $0 * 100 }, digits: 1) }

    /// A number with so many decimals.
    static func decimal(_ number: Double?, digits: Int) -> String {
        number.map { String(format: "%.\(digits)f", $0) } ?? absent
    }

    /// Three significant digits, for values whose size is not known beforehand.
    static func short(_ number: Double?) -> String {
        guard let number else { return absent }
        if number == 0 { return "0" }
        let digits = max(0, 2 - Int(log10(abs(number)).rounded(.down)))
        return String(format: "%.\(min(digits, 6))f", number)
    }

    /// A whole number with thousands apart.
    static func count(_ number: Int?) -> String {
        guard let number else { return absent }
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}
