/// A place on paper, in pixels from the upper left.
typealias Place = SIMD2<Double>

extension Element {
    /// Words whose baseline begins, or with another `anchor` centres or ends, at `place`.
    static func words(
        _ text: String, at place: Place, size: Double = Typography.label, ink: Ink = .text,
        anchor: String = "start", isBold: Bool = false, hasHalo: Bool = false
    ) -> Element {
        var element = Element(
            "text",
            [
                "x": .length(place.x), "y": .length(place.y), "font-size": .length(size),
                "fill": .ink(ink),
            ], text: text)
        if anchor != "start" { element.set("text-anchor", .text(anchor)) }
        if isBold { element.set("font-weight", "600") }
        if hasHalo {
            element.set("stroke", .ink(.paper))
            element.set("stroke-width", 4.0)
            element.set("stroke-linejoin", "round")
            element.set("paint-order", "stroke")
        }
        return element
    }

    /// A straight line.
    static func line(
        from start: Place, to end: Place, ink: Ink, width: Double = 1, dash: Dash = .solid
    ) -> Element {
        path("M\(start.text)L\(end.text)", stroke: ink, width: width, dash: dash)
    }

    /// An open line along `places`.
    static func line(along places: [Place], ink: Ink, width: Double, dash: Dash = .solid) -> Element
    {
        path(outline(places), stroke: ink, width: width, dash: dash)
    }

    /// The surface inside `places`, see-through.
    static func area(_ places: [Place], ink: Ink, opacity: Double) -> Element {
        Element(
            "path",
            [
                "d": .text(outline(places) + "Z"), "fill": .ink(ink),
                "fill-opacity": .length(opacity),
            ])
    }

    private static func path(
        _ outline: String, stroke: Ink, width: Double, dash: Dash
    ) -> Element {
        var element = Element(
            "path",
            [
                "d": .text(outline), "fill": "none", "stroke": .ink(stroke),
                "stroke-width": .length(width), "stroke-linejoin": "round",
            ])
        if let pattern = dash.pattern { element.set("stroke-dasharray", .text(pattern)) }
        return element
    }

    private static func outline(_ places: [Place]) -> String {
        "M" + places.map(\.text).joined(separator: "L")
    }

    /// Sets one more attribute.
    mutating func set(_ name: String, _ value: Value) {
        attributes.append(Attribute(name: name, value: value))
    }

    /// The same with a note that browsers show beside the pointer.
    func noted(_ note: String) -> Element {
        var element = self
        element.children.append(Element("title", text: note))
        return element
    }
}

extension Place {
    /// The place as paths name it.
    fileprivate var text: String { "\(Markup.length(x)) \(Markup.length(y))" }
}
