import Edits

extension Exhibit {
    /// What later batches do to earlier ones: LEMoE's analysis of adaptors with several experts.
    static func forgetting(_ groups: [StreamGroup]) -> Exhibit {
        var exhibit = Exhibit("Forgetting and routing")
        exhibit.text = """
            Rows: after so many batches; columns: the edits of each batch; every token right, percent. \
            Right after: each edit asked with its batch learned, the later ones not. \
            Lost: a batch right after it was learned, less the same at the end, the mean of all. \
            Oracle: every prompt sent to the expert of its own batch.
            """
        for (data, groups) in groups.byData {
            let staged = groups.filter { $0.records[0].rows.last?.segments != nil }
            exhibit.tables += staged.map { matrix(data, $0) }
            let routed = groups.filter { $0.records[0].row.edits > 0 }
            exhibit.tables.append(routes(data, routed))
        }
        return exhibit
    }

    private static func matrix(_ data: LabData.Name, _ group: StreamGroup) -> TextTable {
        let stages = group.records[0].rows.count
        var table = TextTable(
            "\(data.title): \(group.label), reliability by batch (%)",
            columns: ["After batch"] + (1...stages).map(String.init))
        table.rows = (0..<stages).map { stage in
            [String(stage + 1)]
                + (0..<stages).map { batch in
                    batch > stage ? "" : group.percent { $0.reliability(of: batch, after: stage) }
                }
        }
        return table
    }

    private static func routes(_ data: LabData.Name, _ groups: [StreamGroup]) -> TextTable {
        var table = TextTable(
            "\(data.title): at the end of the stream (%)",
            columns: [
                "Method", "Edits", "Seeds", "Rel right after", "Gen right after", "Rel", "Gen",
                "Lost", "Rel oracle", "Gen oracle", "Own expert", "Newest expert", "Route moved",
            ])
        table.rows = groups.map { group in
            [
                group.label, Figure.count(group.stream.edits), Figure.count(group.records.count),
                group.percent { $0.row.afterEdit?.reliability.allTokens },
                group.percent { $0.row.afterEdit?.generalization.allTokens },
                group.percent { $0.row.atEnd.reliability.allTokens },
                group.percent { $0.row.atEnd.generalization.allTokens },
                group.percent(\.lost),
                group.percent { $0.row.oracle?.reliability.allTokens },
                group.percent { $0.row.oracle?.generalization.allTokens },
                group.percent { $0.row.routing?.ownExpert },
                group.percent { $0.row.routing?.newestExpert },
                group.percent { $0.row.routing?.moved ?? $0.row.atEnd.movedRoutes },
            ]
        }
        return table
    }
}

extension StreamRecord {
    /// A[s][b] of LEMoE's analysis: the share of batch `b` that is right after stage `s`.
    fileprivate func reliability(of batch: Int, after stage: Int) -> Double? {
        rows[stage].segments.flatMap { $0[batch].reliability.allTokens }
    }

    /// What batches lose from right after they were learned to the end, on average.
    fileprivate var lost: Double? {
        guard rows.last?.segments != nil else { return nil }
        return Statistics.mean(
            rows.indices.compactMap { batch in
                guard let then = reliability(of: batch, after: batch),
                    let now = reliability(of: batch, after: rows.count - 1)
                else { return nil }
                return then - now
            })
    }
}
