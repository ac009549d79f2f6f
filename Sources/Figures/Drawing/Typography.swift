/// Sizes of letters, and how much room words take.
enum Typography {
    static let title = 16.0
    static let label = 13.0
    static let tick = 12.5

    /// Fonts of one width on every system, so that what was measured here fits there.
    static let fonts = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"

    /// Widths of the characters from space to tilde, in thousandths of the font's size: Helvetica's
    /// published metrics.
    private static let widths: [Double] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556,
        556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722,
        722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
        667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
        556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,
        500, 334, 260, 334, 584,
    ]

    /// How wide `text` is, with a little to spare for another font.
    static func width(_ text: String, size: Double = label, isBold: Bool = false) -> Double {
        let thousandths = text.unicodeScalars.reduce(0.0) { sum, scalar in
            let place = Int(scalar.value) - 32
            if widths.indices.contains(place) { return sum + widths[place] }
            // From here on lie the scripts whose characters fill a square.
            return sum + (scalar.value >= 0x2E80 ? 1000 : 600)
        }
        return thousandths / 1000 * size * (isBold ? 1.1 : 1.04)
    }

    /// `text` in lines of at most `width`, broken at spaces; a longer word has a line of its own.
    static func lines(
        of text: String, within width: Double, size: Double, isBold: Bool = false
    ) -> [String] {
        var lines: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            let longer = lines.last.map { "\($0) \(word)" }
            if let longer, Self.width(longer, size: size, isBold: isBold) <= width {
                lines[lines.count - 1] = longer
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// `text`, its end left out where it is wider than `width`.
    static func shortened(_ text: String, to width: Double, size: Double = label) -> String {
        guard Self.width(text, size: size) > width else { return text }
        var kept = text
        while !kept.isEmpty, Self.width(kept + "…", size: size) > width { kept.removeLast() }
        return kept + "…"
    }
}
