import Foundation

/// The first `path` in a folder above here or above the program; nil where there is none.
///
/// - Parameter looksHere: false for what is run: a folder that somebody happens to stand in is no
///   reason to run its programs.
func besideProgram(_ path: String, looksHere: Bool = true) -> URL? {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let here = URL(filePath: FileManager.default.currentDirectoryPath)
    for start in (looksHere ? [here] : []) + [program.deletingLastPathComponent()] {
        var place = start
        while place.path != "/" {
            let candidate = place.appending(path: path)
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
            place = place.deletingLastPathComponent()
        }
    }
    return nil
}
