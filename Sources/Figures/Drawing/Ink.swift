/// The colours of figures and pages, each with a value on white paper and one on dark screens.
///
/// The series have the hues of Okabe and Ito, in tones that stand out 3 : 1 from the paper and that
/// deutan, protan and tritan eyes, too, can tell apart: the tests measure both.
package enum Ink: String, CaseIterable, Sendable {
    case blue, vermillion, green, purple, orange, sky
    /// Words and axes.
    case text
    /// Words that step back.
    case muted
    /// Lines of the grid.
    case grid
    /// What is shown for comparison only.
    case grey
    /// What everything lies on.
    case paper

    /// The colours of series, in the order they are given out.
    package static let series: [Ink] = [.blue, .vermillion, .green, .purple, .orange, .sky, .text]

    /// On white, as in files and in print.
    package var light: String {
        switch self {
        case .blue: "#00508f"
        case .vermillion: "#b04300"
        case .green: "#00875f"
        case .purple: "#c27ba3"
        case .orange: "#cf8412"
        case .sky: "#1a99f0"
        case .text: "#1b1f24"
        case .muted: "#5c6670"
        case .grid: "#e3e7eb"
        case .grey: "#87919b"
        case .paper: "#ffffff"
        }
    }

    /// On a dark screen.
    package var dark: String {
        switch self {
        case .blue: "#1f78c8"
        case .vermillion: "#d0641a"
        case .green: "#12c48c"
        case .purple: "#bd749d"
        case .orange: "#edc03a"
        case .sky: "#92c4ee"
        case .text: "#e6e9ec"
        case .muted: "#9ba6b1"
        case .grid: "#2b3138"
        case .grey: "#7d8894"
        case .paper: "#14171a"
        }
    }

    /// In a page that declares `variables`; elsewhere the light value.
    var variable: String { "var(--\(rawValue), \(light))" }

    /// Declares every colour for a style sheet.
    static func variables(_ value: (Ink) -> String) -> String {
        allCases.map { "--\($0.rawValue): \(value($0));" }.joined(separator: " ")
    }
}
