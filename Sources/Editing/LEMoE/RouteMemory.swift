import Torch

// Sizes: n rows, d width of an embedding.

/// The embedding of every row that was learned, and the expert that learned it.
///
/// The published method routes without it; it is what the drift is reported from, and what the
/// rehearsing and the guarded recipes compare with.
struct RouteMemory {
    private(set) var rows: [Row] = []
    /// Float32 [n, d]; nil while there are none.
    private(set) var embeddings: Tensor?

    struct Row: Codable, Equatable {
        let editID: String
        let prompt: [Int]
        /// The expert that learned the row.
        let expert: Int
        /// Where the row was routed when its batch was done.
        var route = 0
        /// The weight of the expert that learned it then, λ not in it.
        var gate: Float = 0
    }

    init() {}

    init(rows: [Row], embeddings: Tensor?) {
        (self.rows, self.embeddings) = (rows, embeddings)
    }

    /// Adds rows with their embeddings [B, d].
    mutating func remember(_ new: [Row], embeddings added: Tensor) throws {
        embeddings = try embeddings.map { try Tensor.concatenated([$0, added], dim: 0) } ?? added
        rows += new
    }

    /// Notes where the rows from `first` on are routed, and how much their expert counts, now that
    /// their batch is done.
    mutating func note(routes: [Int], gates: [Float], from first: Int) {
        for (offset, (route, gate)) in zip(routes, gates).enumerated() {
            (rows[first + offset].route, rows[first + offset].gate) = (route, gate)
        }
    }

    /// The first row of each edit of each batch: the prompt itself, not a rephrasing.
    var edits: [Row] {
        var seen = Set<[String]>()
        return rows.filter { seen.insert(["\($0.expert)", $0.editID]).inserted }
    }

    var byteCount: Int {
        rows.reduce(0) { $0 + $1.prompt.count * 8 + $1.editID.utf8.count + 16 }
            + (embeddings?.byteCount ?? 0)
    }
}
