import Hummingbird
import HummingbirdCore

/// Which part of a list of events is wanted, the newest first.
struct Paging {
    private let limit: Int
    /// Only events before this one.
    private let after: Int

    /// - Throws: `APIError` for a value that cannot be.
    init(_ values: Parameters) throws {
        func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
            guard let text = values.get(key) else { return nil }
            guard let number = Int(text), range.contains(number) else {
                throw APIError.wrong(
                    key,
                    "expected `\(key)` from \(range.lowerBound) to \(range.upperBound), got another."
                )
            }
            return number
        }
        limit = try number("limit", 1...1000) ?? 50
        after = try number("after", 1...Int(Int32.max)) ?? .max
    }

    /// Those of `events` that the page before does not have, the newest first.
    func sorted(_ events: some Sequence<Int>) -> [Int] {
        events.filter { $0 < after }.sorted(by: >)
    }

    /// The first that fit on a page, and whether there are more.
    func page<Item>(of found: some Sequence<Item>) -> (page: [Item], hasMore: Bool) {
        let first = Array(found.prefix(limit + 1))
        return (Array(first.prefix(limit)), first.count > limit)
    }
}
