package import Foundation

/// Turns SVG files into PNG files with librsvg's own program.
package struct PNGConverter: Sendable {
    /// Pixels of the image for one of the drawing: two are sharp in print at a column's width.
    static let zoom = 2

    private let program: URL

    /// The converter found in one of the folders of `searchPath`.
    ///
    /// - Throws: `FiguresError` where there is none.
    package init(
        searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    ) throws {
        let places = searchPath.split(separator: ":").map {
            URL(filePath: String($0)).appending(path: "rsvg-convert")
        }
        let found = places.first { FileManager.default.isExecutableFile(atPath: $0.path) }
        guard let found else {
            throw FiguresError(
                "A PNG needs the program rsvg-convert, which is in no folder of PATH; install the "
                    + "Debian packages librsvg2-bin and fonts-liberation.")
        }
        program = found
    }

    /// Writes the image of the drawing in `svg` to `png`; it appears whole or not at all.
    ///
    /// - Throws: `FiguresError` with what the program says.
    package func convert(_ svg: URL, to png: URL) throws {
        let unfinished = png.deletingLastPathComponent()
            .appending(path: ".\(png.lastPathComponent).\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: unfinished) }
        try run(["--zoom", String(Self.zoom), "--output", unfinished.path, svg.path])
        // Unlike FileManager's moves, this replaces what stood there in one step.
        guard rename(unfinished.path, png.path) == 0 else {
            throw FiguresError("\(png.path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private func run(_ arguments: [String]) throws {
        let process = Process()
        let complaints = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardError = complaints
        do {
            try process.run()
        } catch {
            throw FiguresError("\(program.path) cannot be run: \(error.localizedDescription)")
        }
        let said = complaints.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = String(decoding: said, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw FiguresError(
                "rsvg-convert made no PNG and left with \(process.terminationStatus): \(words)")
        }
    }
}
