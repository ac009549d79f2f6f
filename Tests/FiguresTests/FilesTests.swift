import Foundation
import Testing

@testable import Figures

@Suite struct FilesTests {
    /// A folder for `body` alone.
    func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    /// A program that does what `script` says, in a folder that may stand in PATH.
    func program(_ script: String, in folder: URL) throws -> String {
        let file = folder.appending(path: "rsvg-convert")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return folder.path
    }

    @Test func aMissingConverterNamesItsPackage() {
        let error = #expect(throws: FiguresError.self) {
            try PNGConverter(searchPath: "/nowhere:/dev/null")
        }
        #expect(error?.message.contains("librsvg2-bin") == true)
    }

    @Test func anImageReplacesWhatStoodThere() throws {
        try inFolder { folder in
            // --zoom 2 --output <unfinished> <drawing>
            let converter = try PNGConverter(searchPath: program("cp \"$5\" \"$4\"", in: folder))
            let (svg, png) = (folder.appending(path: "a.svg"), folder.appending(path: "a.png"))
            try Data("before".utf8).write(to: png)
            try Data("after".utf8).write(to: svg)
            try converter.convert(svg, to: png)
            #expect(try Data(contentsOf: png) == Data("after".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 3)
        }
    }

    @Test func aFailedConversionLeavesWhatStoodThere() throws {
        try inFolder { folder in
            let converter = try PNGConverter(
                searchPath: program("echo 'it is no drawing' >&2; exit 3", in: folder))
            let png = folder.appending(path: "kept.png")
            try Data("before".utf8).write(to: png)
            let error = #expect(throws: FiguresError.self) {
                try converter.convert(folder.appending(path: "kept.svg"), to: png)
            }
            #expect(error?.message == "rsvg-convert made no PNG and left with 3: it is no drawing")
            #expect(try Data(contentsOf: png) == Data("before".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
        }
    }

    @Test(.enabled(if: (try? PNGConverter()) != nil, "rsvg-convert is not installed"))
    func aFigureIsWrittenAsDrawingAndImage() throws {
        try inFolder { folder in
            let chart = BarChart("Cost", axis: Axis("Time", unit: "s"), bars: [.init("ELDER", 1)])
            for _ in 0..<2 { try writeFigure(chart.drawing, to: folder.appending(path: "cost")) }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == ["cost.png", "cost.svg"])
            let image = try Data(contentsOf: folder.appending(path: "cost.png"))
            #expect(image.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        }
    }

    @Test func aPlaceThatCannotBeWrittenIsOneSentence() {
        let error = #expect(throws: FiguresError.self) {
            try writeFigure(svg: "<svg/>", to: URL(filePath: "/dev/null/figure"))
        }
        #expect(error?.message.contains("/dev/null/figure.svg cannot be written") == true)
    }
}
