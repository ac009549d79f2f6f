import Edits
import Foundation
import Synchronization

/// What was answered lately, for the page's figures: by minute how many prompts an edit covered, and
/// how long the latest answers took. Kept for each tenant by itself, since its rate says something of
/// what it was asked.
final class Traffic: Sendable {
    /// One minute.
    struct Minute: Sendable, Equatable {
        /// Minutes since 1970.
        let number: Int
        var edited = 0
        var deferred = 0
    }

    /// How long one answer took.
    struct Times: Sendable, Equatable {
        /// Seconds until its first token; absent where none came.
        let first: Double?
        /// Seconds until its end.
        let whole: Double
    }

    struct Record: Sendable {
        fileprivate(set) var minutes: [Minute] = []
        /// Each with the minute in which it ended.
        fileprivate(set) var times: [(minute: Int, times: Times)] = []
    }

    static let shownMinutes = 60
    private static let keptTimes = 2048

    private let records = Mutex<[String: Record]>([:])

    /// What a tenant, nil for the model's own, asked in the last hour.
    func record(of tenant: String?, at now: Date = .now) -> Record {
        var record = records.withLock { $0[tenant ?? ""] ?? Record() }
        record.forget(before: Self.minute(now) - Self.shownMinutes + 1)
        return record
    }

    private static func minute(_ date: Date) -> Int { Int(date.timeIntervalSince1970 / 60) }

    func note(
        _ traces: [RouteTrace], times: Times, tenant: String?, at now: Date = .now
    ) {
        let number = Self.minute(now)
        records.withLock { records in
            var record = records[tenant ?? ""] ?? Record()
            if record.minutes.last?.number != number {
                record.forget(before: number - Self.shownMinutes + 1)
                record.minutes.append(Minute(number: number))
            }
            for trace in traces {
                switch trace.decision {
                case .edited: record.minutes[record.minutes.count - 1].edited += 1
                case .deferred: record.minutes[record.minutes.count - 1].deferred += 1
                }
            }
            record.times.append((number, times))
            record.times.removeFirst(max(0, record.times.count - Self.keptTimes))
            records[tenant ?? ""] = record
        }
    }
}

extension Traffic.Record {
    fileprivate mutating func forget(before minute: Int) {
        minutes.removeAll { $0.number < minute }
        times.removeAll { $0.minute < minute }
    }

    var prompts: Int { edited + deferred }
    var edited: Int { minutes.reduce(0) { $0 + $1.edited } }
    var deferred: Int { minutes.reduce(0) { $0 + $1.deferred } }

    /// The time under which a share of the answers came, in seconds; nil where there are none.
    func quantile(_ share: Double, of time: KeyPath<Traffic.Times, Double?>) -> Double? {
        let sorted = times.compactMap { $0.times[keyPath: time] }.sorted()
        guard !sorted.isEmpty else { return nil }
        return sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.down)))]
    }
}

extension Traffic.Times {
    /// The end as what may be absent, beside `first`.
    var last: Double? { whole }
}
