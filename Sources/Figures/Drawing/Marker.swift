import Foundation

/// What marks a point.
package enum Marker: CaseIterable, Sendable {
    case circle, square, triangle, diamond, downTriangle, pentagon, cross

    /// The markers of series, in the order they are given out.
    static let series = Marker.allCases.filter { $0 != .cross }

    /// The marker around `place`; all look about as large as a circle of `radius`.
    func element(
        at place: Place, ink: Ink, radius: Double = 4, isHollow: Bool = false
    ) -> Element {
        var shape = shape(at: place, ink: ink, radius: isHollow ? radius - 0.4 : radius)
        guard self != .cross else { return shape }
        shape.set("fill", .ink(isHollow ? .paper : ink))
        shape.set("stroke", .ink(isHollow ? ink : .paper))
        shape.set("stroke-width", .length(isHollow ? 1.6 : 1))
        return shape
    }

    private func shape(at place: Place, ink: Ink, radius: Double) -> Element {
        switch self {
        case .circle: disc(place, radius)
        case .square: polygon(place, radius * 1.25, corners: 4, turned: .pi / 4)
        case .diamond: polygon(place, radius * 1.35, corners: 4, turned: 0)
        case .triangle: polygon(place, radius * 1.45, corners: 3, turned: 0)
        case .downTriangle: polygon(place, radius * 1.45, corners: 3, turned: .pi)
        case .pentagon: polygon(place, radius * 1.2, corners: 5, turned: 0)
        case .cross: crossed(place, radius * 0.8, ink)
        }
    }

    private func disc(_ place: Place, _ radius: Double) -> Element {
        Element(
            "circle",
            ["cx": .length(place.x), "cy": .length(place.y), "r": .length(radius)])
    }

    private func polygon(
        _ place: Place, _ radius: Double, corners: Int, turned: Double
    ) -> Element {
        let points = (0..<corners).map { corner in
            let angle = 2 * Double.pi * Double(corner) / Double(corners) + turned
            let end = place + radius * Place(sin(angle), -cos(angle))
            return "\(Markup.length(end.x)),\(Markup.length(end.y))"
        }
        return Element("polygon", ["points": .text(points.joined(separator: " "))])
    }

    private func crossed(_ place: Place, _ arm: Double, _ ink: Ink) -> Element {
        let strokes = [Place(arm, arm), Place(arm, -arm)].map {
            Element.line(from: place - $0, to: place + $0, ink: ink, width: 1.75)
        }
        return Element("g", children: strokes)
    }
}
