import Foundation

/// The most memory this process has held since `restartPeakMemory`, or since it began.
package func peakMemoryBytes() -> Int {
    if let bytes = statusBytes("VmHWM") { return bytes }
    var usage = rusage()
    #if os(Linux)
        // Linux counts kilobytes.
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    #else
        getrusage(RUSAGE_SELF, &usage)
        return usage.ru_maxrss
    #endif
}

/// Lets `peakMemoryBytes` begin again with what is held now; without effect where the system is not
/// Linux, or refuses it.
func restartPeakMemory() {
    let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs")
    // 5 is this mark (proc_pid_clear_refs(5)).
    try? file?.write(contentsOf: Data("5".utf8))
}

/// The memory this process holds now; nil where the system does not say.
package func heldMemoryBytes() -> Int? { statusBytes("VmRSS") }

/// What Linux counts under `name` for this process.
private func statusBytes(_ name: String) -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(name):") })
    else { return nil }
    return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        .map { $0 * 1024 }
}
