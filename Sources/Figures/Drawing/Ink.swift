/// The colours of figures and pages, each with a value on white paper and one on dark screens.
///
/// The series are those of Okabe and Ito, told apart with any colour vision; orange and sky blue are
/// darkened on white, and the blues lightened on dark, until each stands out 3 : 1 from its paper.
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
        case .blue: "#0072b2"
        case .vermillion: "#d55e00"
        case .green: "#009e73"
        case .purple: "#cc79a7"
        case .orange: "#c48700"
        case .sky: "#3a9bd2"
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
        case .blue: "#2387c9"
        case .vermillion: "#e06c10"
        case .green: "#12a87d"
        case .purple: "#d68ab4"
        case .orange: "#e69f00"
        case .sky: "#7cc8f2"
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
