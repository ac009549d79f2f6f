import Foundation

/// All figures of one run.
struct Report: Codable {
    let machine: Machine
    let models: [ModelFigures]

    func table() -> String {
        ([machine.description] + models.map { $0.table() }).joined(separator: "\n\n")
    }
}

/// Where the figures were taken.
struct Machine: Codable, CustomStringConvertible {
    let system: String
    let processor: String
    let cores: Int
    let date: String

    static var current: Machine {
        let info = ProcessInfo.processInfo
        let cpus = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let name = cpus.split(separator: "\n").first { $0.hasPrefix("model name") }
            .flatMap { $0.split(separator: ":").last.map(String.init) }
        return Machine(
            system: info.operatingSystemVersionString,
            processor: (name ?? "unknown processor").trimmingCharacters(in: .whitespaces),
            cores: info.activeProcessorCount,
            date: Date.now.formatted(.iso8601.year().month().day()))
    }

    var description: String { "\(date)  \(processor), \(cores) cores, \(system)" }
}

extension ModelFigures {
    /// What the peak memory of editing shall not pass (the project's own target).
    var memoryLimit: Double { 1.15 * Double(weightBytes) + 1e9 }

    func table() -> String {
        let heading =
            "\(title): \(parameters.grouped) parameters, \(dtype), edits of \(tokens) tokens, "
            + "\(threads) threads, load \(load.min()!.text(1)) to \(load.max()!.text(1))"
        let rest = others.map { [$0.generationTable(), $0.table()] } ?? []
        return ([heading, editTable()] + rest).joined(separator: "\n\n")
    }

    /// The figures of several processes about one model as those of one.
    static func joined(_ parts: [ModelFigures]) -> ModelFigures {
        var all = parts[0]
        for part in parts.dropFirst() {
            all.load += part.load
            all.edits += part.edits
            all.others = part.others ?? all.others
        }
        return all
    }

    /// A row for each way of editing, with what its twin takes for the same edit and the ratios.
    private func editTable() -> String {
        var table = TextTable([
            "", "rows", "steps/edit", "s/step", "s/edit", "CPU s/edit", "twin s/step",
            "twin s/edit", "× per edit", "× CPU", "trained", "peak MB", "twin MB",
        ])
        for edit in edits {
            // Another recipe of a method is compared with what its published one costs the twin.
            let published = edits.first { $0.method == edit.method && $0.isPublished } ?? edit
            let twin = published.twinPerEdit
            table.add([
                edit.name, "\(edit.rowsPerStep)", edit.stepsPerEdit.text(1),
                edit.perStep.map { $0.wall.text(3) } ?? "", edit.perEdit.wall.text(3),
                edit.perEdit.cpu.text(3),
                edit.twin.map { $0.secondsPerStep.text(3) } ?? "",
                edit.twin == nil ? "" : twin!.wall.text(3),
                ratio(twin?.wall, edit.perEdit.wall), ratio(twin?.cpu, edit.perEdit.cpu),
                edit.trainedParameters.grouped, (Double(edit.peakBytes) / 1e6).text(0),
                edit.twin.map { (Double($0.peakRssBytes) / 1e6).text(0) } ?? "",
            ])
        }
        return table.text + "\nweights \((Double(weightBytes) / 1e6).text(0)) MB; "
            + "their size + 15 % + 1 GB: \((memoryLimit / 1e6).text(0)) MB"
    }

    private func ratio(_ twin: Double?, _ ours: Double) -> String {
        twin.map { ($0 / ours).text(1) } ?? ""
    }
}

extension OtherFigures {
    func generationTable() -> String {
        var table = TextTable([
            "\(generatedTokens) tokens after \(promptTokens)", "tokens/s", "extra time",
        ])
        for way in generation {
            table.add([
                way.name, way.tokensPerSecond.text(1),
                way.name == "unedited" ? "" : "\((100 * way.overhead).text(1)) %",
            ])
        }
        return table.text
    }

    func table() -> String {
        var table = TextTable(["", ""])
        table.add(["one engine call from Swift", "\(nanosecondsPerOperation.text(0)) ns"])
        table.add(["look-ups among 100,000 codes", "\(lookUpsPerSecond.text(0)) /s"])
        table.add(["opening the checkpoint, uncached", "\(openSeconds.text(2)) s"])
        return table.text
    }
}

/// Columns of text: the first to the left, numbers to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ heading: [String]) { rows = [heading] }

    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
        return rows.filter { !$0.allSatisfy(\.isEmpty) }.map { row in
            row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + space : space + row[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension Double {
    func text(_ decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}

extension Int {
    /// With a comma for each three digits.
    var grouped: String {
        String(self).reversed().enumerated().reduce(into: "") { text, digit in
            if digit.offset > 0, digit.offset % 3 == 0 { text.insert(",", at: text.startIndex) }
            text.insert(digit.element, at: text.startIndex)
        }
    }
}
