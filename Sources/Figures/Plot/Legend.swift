/// A legend: entries in as many rows as they need.
struct Legend: Sendable, Equatable {
    private static let rowHeight = 20.0
    private static let gap = 18.0
    private let rows: [[Key]]

    /// The legend of `keys` within `width`.
    init(_ keys: [Key], within width: Double) {
        var rows: [[Key]] = []
        var used = 0.0
        for key in keys {
            if !rows.isEmpty, used + key.width <= width {
                rows[rows.count - 1].append(key)
            } else {
                rows.append([key])
                used = 0
            }
            used += key.width + Self.gap
        }
        self.rows = rows
    }

    var height: Double { rows.isEmpty ? 0 : Double(rows.count) * Self.rowHeight + 4 }

    /// The legend, its upper left corner at `corner`.
    func elements(at corner: Place) -> [Element] {
        rows.enumerated().flatMap { row, keys in
            var left = corner.x
            return keys.flatMap { key in
                defer { left += key.width + Self.gap }
                return key.elements(
                    at: Place(left, corner.y + Double(row) * Self.rowHeight + 14))
            }
        }
    }
}
