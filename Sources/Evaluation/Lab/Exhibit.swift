package import Figures

/// What an experiment shows of its streams: tables and figures.
package struct Exhibit: Sendable {
    /// A way to show streams; each is written in a file of its own.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// Right answers, and what is kept elsewhere, at the end of the stream.
        case answers
        /// What the general tasks score, and how much of them stays the same.
        case retention
        /// Seconds and parameters.
        case cost
        /// Right answers and parameters along the stream.
        case scaling
        /// Right answers by the value of a key.
        case sweep
        /// A map of route codes.
        case codes
        /// Right answers by the age of the edit.
        case ages
        /// How far prompts are from the nearest edit.
        case distances
        /// What later batches do to earlier ones, and where their edits are routed.
        case forgetting
        /// How much the order of the edits moves the scores.
        case orders
    }

    /// A figure with the name of its files.
    package struct NamedFigure: Sendable {
        package let name: String
        package let drawing: Drawing
    }

    /// What it is called in a report.
    package var title: String
    /// What a reader must know; empty for nothing.
    package var text = ""
    package var tables: [TextTable] = []
    package var figures: [NamedFigure] = []

    package init(_ title: String) { self.title = title }
}

extension Exhibit {
    /// Shows `groups` as `kind`, beside what was published.
    package init(_ kind: Kind, of groups: [StreamGroup], published: [String: Experiment.Published])
    {
        switch kind {
        case .answers: self = .answers(groups, published)
        case .retention: self = .retention(groups, published)
        case .cost: self = .cost(groups, published)
        case .scaling: self = .scaling(groups)
        case .sweep: self = .sweep(groups)
        case .codes: self = .codes(groups)
        case .ages: self = .ages(groups)
        case .distances: self = .distances(groups)
        case .forgetting: self = .forgetting(groups)
        case .orders: self = .orders(groups)
        }
    }
}

extension TextTable {
    /// The table with the published numbers of each row's method to the right.
    ///
    /// - Parameter methods: the method and preset of each row.
    func beside(_ published: Experiment.Published?, methods: [String]) -> TextTable {
        guard let published else { return self }
        var table = self
        table.columns += published.columns.map { "paper: \($0)" }
        for (place, method) in methods.enumerated() {
            let numbers = published.rows[method] ?? []
            table.rows[place] += published.columns.indices.map { column in
                let number = column < numbers.count ? numbers[column] : nil
                return number.map { String($0) } ?? Figure.absent
            }
        }
        return table
    }
}
