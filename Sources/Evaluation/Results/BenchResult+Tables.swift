import Edits

extension BenchResult {
    /// The tables of the run: answers, age, gate, cost.
    package var tables: [TextTable] {
        let tables = [
            overview,
            answers("Answers at the end of the stream", \.atEnd),
            answers("Answers right after the edit", \.afterEdit),
            ages, gates, routes, distances, costs,
        ]
        return tables.filter { !$0.rows.isEmpty }
    }

    /// Everything in one text for a terminal.
    package var plain: String {
        ([heading + "\n"] + tables.map(\.plain)).joined(separator: "\n")
    }

    /// Everything in one Markdown file.
    package var markdown: String {
        (["# \(heading)\n"] + tables.map(\.markdown) + [provenance]).joined(separator: "\n")
    }

    /// What was done, in a line.
    var heading: String {
        let data = manifest.data.map(\.name).joined(separator: ", ")
        let split = manifest.split.map { ", \($0.rawValue) split" } ?? ""
        return "\(Figure.count(methods.map(\.edits).max())) edits of \(data) on \(manifest.model)"
            + split
    }

    /// Everything that decides between methods, in one table.
    var overview: TextTable {
        var table = TextTable(
            "Overview (%; right after the edit → at the end of the stream)",
            columns: [
                "Method", "Rel", "Rel greedy", "Gen", "Gen greedy", "Nbr", "Unrel", "False",
                "s/edit", "Trained", "B/edit",
            ])
        for row in methods {
            func course(_ share: (Summary) -> Double?) -> String {
                let end = Figure.percent(share(row.atEnd))
                return row.afterEdit.map { "\(Figure.percent(share($0)))→\(end)" } ?? end
            }
            table.rows.append([
                row.method, course(\.reliability.allTokens), course(\.reliability.generated),
                course(\.generalization.allTokens), course(\.generalization.generated),
                Figure.percent(row.atEnd.neighbours.agreement),
                Figure.percent(row.atEnd.unrelated.agreement),
                Figure.percent(row.atEnd.gate.unrelated),
                Figure.short(row.secondsPerEdit?.median), Figure.count(row.trainableParameters),
                Figure.count(row.bytesPerEdit.map { Int($0.rounded()) }),
            ])
        }
        return table
    }

    /// Where methods with experts send their edits.
    var routes: TextTable {
        var table = TextTable(
            "Routes at the end of the stream (%)",
            columns: [
                "Method", "Rel oracle", "Rel greedy oracle", "Gen oracle", "Gen greedy oracle",
                "Own expert", "Newest expert", "Moved",
            ])
        for row in methods {
            guard let routing = row.routing else { continue }
            let shares = [
                row.oracle?.reliability.allTokens, row.oracle?.reliability.generated,
                row.oracle?.generalization.allTokens, row.oracle?.generalization.generated,
                routing.ownExpert, routing.newestExpert, routing.moved,
            ]
            table.rows.append([row.method] + shares.map(Figure.percent))
        }
        return table
    }

    /// Every share of right answers in `summary`.
    func answers(_ title: String, _ summary: (MethodRow) -> Summary?) -> TextTable {
        var table = TextTable(
            "\(title) (%)",
            columns: [
                "Method", "Rel all", "Rel greedy", "Rel tok", "Gen all", "Gen greedy", "Gen tok",
                "Prefers", "Nbr kept", "Unrel kept", "Bit-equal",
            ])
        for row in methods {
            guard let summary = summary(row) else { continue }
            let shares = [
                summary.reliability.allTokens, summary.reliability.generated,
                summary.reliability.tokenAccuracy, summary.generalization.allTokens,
                summary.generalization.generated, summary.generalization.tokenAccuracy,
                summary.reliability.preference, summary.neighbours.agreement,
                summary.unrelated.agreement, summary.bitEqual,
            ]
            table.rows.append([row.method] + shares.map(Figure.percent))
        }
        return table
    }

    /// How well old, middle and new edits are known.
    var ages: TextTable {
        var table = TextTable(
            "By age of the edit, at the end of the stream (all tokens, %)",
            columns: [
                "Method", "Rel old", "Rel middle", "Rel new", "Gen old", "Gen middle", "Gen new",
            ])
        for row in methods where row.thirds.count == 3 {
            table.rows.append(
                [row.method] + row.thirds.map { Figure.percent($0.reliability.allTokens) }
                    + row.thirds.map { Figure.percent($0.generalization.allTokens) })
        }
        return table
    }

    /// What the gates let through.
    var gates: TextTable {
        var table = TextTable(
            "In scope at the end of the stream (%)",
            columns: [
                "Method", "Edits", "Rephrases", "Neighbours", "Unrelated", "Right edit",
                "AUC nbr", "AUC unrel", "Codes", "Moved",
            ])
        for row in methods where row.atEnd.gate.edits != nil {
            let gate = row.atEnd.gate
            table.rows.append([
                row.method, Figure.percent(gate.edits), Figure.percent(gate.rephrases),
                Figure.percent(gate.neighbours), Figure.percent(gate.unrelated),
                Figure.percent(gate.rightEdit),
                Figure.decimal(row.distances?.areaAgainstNeighbours, digits: 3),
                Figure.decimal(row.distances?.areaAgainstUnrelated, digits: 3),
                Figure.count(row.distinctCodes), Figure.percent(row.atEnd.movedRoutes),
            ])
        }
        return table
    }

    private var distances: TextTable {
        let kinds = Probe.Kind.allCases.filter { kind in
            methods.contains { $0.distances?.histograms[kind.rawValue] != nil }
        }
        var table = TextTable(
            "Distance to the nearest stored edit at the end of the stream (prompts)",
            columns: ["Method, distance from"] + kinds.map(\.rawValue))
        for row in methods {
            guard let distances = row.distances else { continue }
            let histograms = kinds.map { distances.histograms[$0.rawValue] }
            // A query gate has a hundred steps: five of them to a row.
            let stride = distances.gate == .code ? 1 : 5
            let steps = histograms.compactMap { $0?.counts.count }.max() ?? 0
            // Far tails go into the last row.
            let last = stride * 19
            for step in Swift.stride(from: 0, to: min(steps, last + stride), by: stride) {
                let from = Double(step) * (histograms.compactMap { $0?.width }.first ?? 1)
                let cells = histograms.map { histogram in
                    let rest = histogram?.counts.dropFirst(step) ?? []
                    return Figure.count(
                        (step == last ? rest : rest.prefix(stride)).reduce(0, +))
                }
                if cells.allSatisfy({ $0 == "0" }) { continue }
                let digits = distances.gate == .code ? 0 : 1
                table.rows.append(
                    ["\(row.method), \(Figure.decimal(from, digits: digits))"] + cells)
            }
        }
        return table
    }

    /// What an edit takes and leaves behind.
    var costs: TextTable {
        var table = TextTable(
            "Cost",
            columns: [
                "Method", "s/edit", "p95", "CPU s", "Growth", "Steps/edit", "Trained", "Bytes/edit",
                "Peak MB",
            ])
        for row in methods {
            table.rows.append([
                row.method, Figure.short(row.secondsPerEdit?.median),
                Figure.short(row.secondsPerEdit?.p95), Figure.short(row.cpuSecondsPerEdit),
                Figure.decimal(row.costGrowth, digits: 2), Figure.short(row.stepsPerEdit?.mean),
                Figure.count(row.trainableParameters),
                Figure.count(row.bytesPerEdit.map { Int($0.rounded()) }),
                Figure.count(row.peakMemoryBytes.map { $0 / 1_000_000 }),
            ])
        }
        return table
    }

    /// What the headings of the tables mean.
    static let glossary = """
        Rel: edited prompts; Gen: held-out rephrasings; all: every target token right, \
        teacher-forced; greedy: greedy generation equals the target; tok: share of target tokens \
        right; Nbr, Unrel: kept; False: unrelated prompts in scope; Prefers: new answer more \
        probable than the former; kept: the unedited model's answer to neighbouring (Nbr) and \
        unrelated (Unrel) prompts; Bit-equal: logits of those prompts unchanged bit for bit; \
        \(MethodRow.trainedNote); \
        CPU s: of all threads, for an edit; Growth: its mean in the last tenth of the stream over \
        that in the first; Peak: the most memory the process held since the method began, the base \
        model included (since the process began where the system is not Linux).
        """

    private var provenance: String {
        let versions = manifest.versions.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let command = manifest.command.joined(separator: " ")
        return """
            \(Self.glossary)

            \(dataset.summary)

            Made on \(manifest.date) on \(manifest.processor) (\(manifest.device), \
            \(manifest.dtype), \(manifest.threads) threads; \(versions)), seeds \
            \(manifest.seeds.map(String.init).joined(separator: ", ")), by

                \(command)

            """
    }
}

extension Summary {
    /// The share of neighbouring and unrelated prompts together that are bit-equal.
    fileprivate var bitEqual: Double? {
        let parts = [neighbours, unrelated].filter { $0.bitEqual != nil }
        let count = parts.reduce(0) { $0 + $1.count }
        guard count > 0 else { return nil }
        return parts.reduce(0) { $0 + ($1.bitEqual ?? 0) * Double($1.count) } / Double(count)
    }
}
