import Edits
import Figures

extension Exhibit {
    /// A map of the route codes of five edits, their rephrasings and twenty unrelated prompts:
    /// ELDER's Figure 4.
    static func codes(_ groups: [StreamGroup]) -> Exhibit {
        var exhibit = Exhibit("Route codes")
        exhibit.text = """
            t-SNE of the Hamming distances between the codes that prompts are given at the end of the \
            stream. Five edits show what five edits do; whether codes still tell edits apart after \
            the whole stream, the distances beside them say.
            """
        for (data, groups) in groups.byData {
            var table = TextTable(
                "\(data.title): mean bits between codes",
                columns: [
                    "Method, edits", "Edit–own rephrasing", "Edit–other edit", "Edit–unrelated",
                ])
            for group in groups where !group.records[0].codes.isEmpty {
                let (codes, edits) = (group.records[0].codes, group.stream.edits)
                table.rows.append(["\(group.label), \(Figure.count(edits))"] + distances(codes))
                guard let drawing = map(codes, data, group) else { continue }
                let method = group.stream.method.replacing(":", with: "-")
                let name = "codes-\(data.rawValue)-\(method)-\(edits)"
                exhibit.figures.append(NamedFigure(name: name, drawing: drawing))
            }
            if !table.rows.isEmpty { exhibit.tables.append(table) }
        }
        return exhibit
    }

    private static func distances(_ codes: [CodePoint]) -> [String] {
        let edits = codes.filter { $0.kind == .edit }
        func mean(_ others: [CodePoint], _ belongs: (CodePoint, CodePoint) -> Bool) -> String {
            let pairs = edits.flatMap { edit in
                others.filter { belongs(edit, $0) }.map { Double(edit.distance(to: $0)) }
            }
            return Figure.decimal(Statistics.mean(pairs), digits: 1)
        }
        return [
            mean(codes.filter { $0.kind == .rephrase || $0.kind == .taughtRephrase }) {
                $0.index == $1.index
            },
            mean(edits) { $0.index != $1.index },
            mean(codes.filter { $0.kind == .unrelated }) { _, _ in true },
        ]
    }

    private static func map(
        _ codes: [CodePoint], _ data: LabData.Name, _ group: StreamGroup
    ) -> Drawing? {
        let bits = codes.map { code in codes.map { Double(code.distance(to: $0)) } }
        var random = SplitMix64(seed: group.records[0].stream.seed)
        // A cloud of a few dozen points has few neighbours.
        let tsne = TSNE(perplexity: min(5, Double(codes.count - 1) / 3))
        guard codes.count > 5, let map = try? tsne.map(distances: bits, random: &random) else {
            return nil
        }
        func points(_ belongs: (CodePoint) -> Bool) -> [Point] {
            zip(codes, map.places).filter { belongs($0.0) }.map { Point($0.1.x, $0.1.y) }
        }
        let clusters = Set(codes.filter(\.kind.isCovered).map(\.index)).sorted().map { index in
            Cluster(
                "edit \(index + 1)", edits: points { $0.kind == .edit && $0.index == index },
                rephrasings: points {
                    $0.kind.isCovered && $0.kind != .edit && $0.index == index
                })
        }
        return Plot.map(
            "Route codes of \(group.title)",
            subtitle: "\(data.title), after \(Figure.count(group.stream.edits)) edits",
            clusters: clusters, unrelated: points { $0.kind == .unrelated }
        ).drawing
    }
}
