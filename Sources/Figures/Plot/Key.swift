/// An entry of a legend: a sample, and what it stands for.
package struct Key: Sendable, Equatable {
    /// How the sample is drawn.
    package enum Sample: Sendable, Equatable {
        case line, dot, patch
    }

    /// What it stands for.
    package var name: String
    /// What it looks like.
    package var look: Look
    /// How it is drawn.
    package var sample: Sample

    /// An entry for `name`.
    package init(_ name: String, _ look: Look, sample: Sample = .dot) {
        self.name = name
        self.look = look
        self.sample = sample
    }

    /// The length of a sample with the space after it.
    private var sampleWidth: Double {
        switch sample {
        case .line: 34
        case .dot: 16
        case .patch: 26
        }
    }

    var width: Double { sampleWidth + Typography.width(name) }

    /// The entry on the line whose letters stand on `place`.
    func elements(at place: Place) -> [Element] {
        let middle = place.y - 4.5
        let words = Element.words(name, at: Place(place.x + sampleWidth, place.y))
        switch sample {
        case .line:
            let ends = (Place(place.x, middle), Place(place.x + 28, middle))
            return [
                .line(from: ends.0, to: ends.1, ink: look.ink, width: 2, dash: look.dash),
                look.marker(at: Place(place.x + 14, middle)), words,
            ]
        case .dot:
            return [look.marker(at: Place(place.x + 5, middle)), words]
        case .patch:
            let (left, right) = (place.x, place.x + 20)
            let corners = [
                Place(left, middle + 6), Place(left, middle - 6), Place(right, middle - 6),
                Place(right, middle + 6),
            ]
            return [
                .area(corners, ink: look.ink, opacity: 0.2),
                .line(along: corners, ink: look.ink, width: 2, dash: look.dash), words,
            ]
        }
    }
}
