import Foundation

/// The most memory this process has held so far.
package func peakMemoryBytes() -> Int {
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
