import Edits
import Torch

// Sizes: n remembered rows, d width of the query.

/// Every row that was learned: its words, its query, and the allocation code it settled on.
///
/// The query is a constant of the prompt and of the frozen base model, so it never goes stale; the
/// code is what the routers made of it, and routers go on learning.
struct EditMemory {
    private(set) var rows: [EditRow] = []
    private(set) var codes = DeferralIndex()
    /// The queries of the rows, float32 [n, d]; nil while there are none.
    private(set) var queries: Tensor?
    /// Chooses what is rehearsed.
    private(set) var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    init(rows: [EditRow], codes: DeferralIndex, queries: Tensor?, random: SplitMix64) {
        self.rows = rows
        self.codes = codes
        self.queries = queries
        self.random = random
    }

    /// Adds rows with their queries [B, d] and codes.
    mutating func remember(_ new: [EditRow], queries added: Tensor, codes: [RouteCode]) throws {
        queries = try queries.map { try Tensor.concatenated([$0, added], dim: 0) } ?? added.copy()
        rows += new
        self.codes.insert(codes)
    }

    /// Puts what the routers say today in place of the codes noted when the rows were learned.
    mutating func replaceCodes(_ current: [RouteCode]) {
        codes = DeferralIndex(current)
    }

    /// What remembering takes: words, codes and queries.
    var byteCount: Int {
        let words = rows.reduce(0) { $0 + $1.prompt.utf8.count + $1.target.utf8.count }
        let code = rows.isEmpty ? 0 : codes[0].words.count * 8
        return words + rows.count * code + (queries?.byteCount ?? 0)
    }

    /// At most `count` different rows, each as likely as any other.
    ///
    /// A row whose very prompt was taught another answer since, or is in `new`, is not rehearsed:
    /// the later word holds.
    mutating func sample(_ count: Int, beside new: [EditRow]) -> [EditRow] {
        var latest = Dictionary(zip(rows.map(\.prompt), rows.indices)) { $1 }
        for row in new { latest[row.prompt] = nil }
        let current = latest.values.sorted()
        return random.subset(of: current.count, count: min(count, current.count))
            .map { rows[current[$0]] }
    }
}
