package import Foundation

/// Writes `drawing` as `<file>.svg` and, from that, `<file>.png`; each appears whole or not at all.
///
/// - Throws: `FiguresError` where a file cannot be written, or no PNG be made; the SVG then stands.
package func writeFigure(_ drawing: Drawing, to file: URL) throws {
    try writeFigure(svg: drawing.svg(), to: file)
}

/// The same for the text of an SVG file.
package func writeFigure(svg: String, to file: URL) throws {
    let drawing = file.appendingPathExtension("svg")
    do {
        try Data(svg.utf8).write(to: drawing, options: .atomic)
    } catch {
        throw FiguresError("\(drawing.path) cannot be written: \(error.localizedDescription)")
    }
    try PNGConverter().convert(drawing, to: file.appendingPathExtension("png"))
}
