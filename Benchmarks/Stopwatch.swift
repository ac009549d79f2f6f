import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How long something took.
struct Elapsed: Codable {
    /// Seconds on the wall clock.
    var wall = 0.0
    /// Seconds of all threads together: what the work costs however busy the machine is.
    var cpu = 0.0

    static func / (a: Elapsed, divisor: Double) -> Elapsed {
        Elapsed(wall: a.wall / divisor, cpu: a.cpu / divisor)
    }

    static func + (a: Elapsed, b: Elapsed) -> Elapsed {
        Elapsed(wall: a.wall + b.wall, cpu: a.cpu + b.cpu)
    }

    /// The time from `start` to `self`, both marks of `now`.
    static func - (a: Elapsed, b: Elapsed) -> Elapsed {
        Elapsed(wall: a.wall - b.wall, cpu: a.cpu - b.cpu)
    }

    /// A mark on both clocks.
    static var now: Elapsed {
        let usage = Usage.ofThisProcess
        return Elapsed(
            wall: Double(DispatchTime.now().uptimeNanoseconds) * 1e-9, cpu: usage.cpuSeconds)
    }
}

func timed(_ body: () throws -> Void) rethrows -> Elapsed {
    let start = Elapsed.now
    try body()
    return .now - start
}

/// What the system says of this process.
struct Usage {
    let cpuSeconds: Double
    /// The most memory it ever held.
    let peakBytes: Int

    static var ofThisProcess: Usage {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            let unit = 1024
        #else
            getrusage(RUSAGE_SELF, &usage)
            let unit = 1
        #endif
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
        }
        return Usage(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakBytes: usage.ru_maxrss * unit)
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        return isEmpty ? .nan : (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
