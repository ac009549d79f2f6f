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
        let loads = load.map { $0.text(1) }.joined(separator: ", ")
        let heading =
            "\(title): \(parameters.grouped) parameters, \(dtype), "
            + "\(rows) edits of \(tokens) tokens a batch, \(threads) threads, load \(loads)"
        return [heading, editTable(), generationTable(), restTable()].joined(separator: "\n\n")
    }

    private func editTable() -> String {
        var table = TextTable([
            "", "steps", "rows", "s/step", "CPU s/step", "s/edit", "× per edit", "× per step",
            "× CPU", "peak MB",
        ])
        if let twin {
            table.add([
                "PyTorch twin\(twin.steps < Self.paperSteps ? " (\(twin.steps) steps timed)" : "")",
                "\(Self.paperSteps)", "\(rows)", twin.seconds.text(3),
                twin.cpuSecondsPerStep.text(3), twinSecondsPerEdit!.text(3), "1.0", "1.0",
                "1.0", (Double(twin.peakRssBytes) / 1e6).text(0),
            ])
        }
        for edit in edits {
            table.add([
                edit.name, edit.stepsPerBatch.text(1), "\(edit.rowsPerStep)",
                edit.perStep.wall.text(3), edit.perStep.cpu.text(3), edit.perEdit.wall.text(3),
                ratio(twinSecondsPerEdit, edit.perEdit.wall),
                ratio(twin?.seconds, edit.perStep.wall),
                ratio(twin?.cpuSecondsPerStep, edit.perStep.cpu),
                (Double(edit.peakBytes) / 1e6).text(0),
            ])
        }
        return table.text + "\nweights \((Double(weightBytes) / 1e6).text(0)) MB; "
            + "their size + 15 % + 1 GB: \((memoryLimit / 1e6).text(0)) MB"
    }

    private func generationTable() -> String {
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

    private func restTable() -> String {
        var table = TextTable(["", ""])
        table.add(["one engine call from Swift", "\(nanosecondsPerOperation.text(0)) ns"])
        table.add(["look-ups among 100,000 codes", "\(lookUpsPerSecond.text(0)) /s"])
        table.add(["opening the checkpoint, uncached", "\(openSeconds.text(2)) s"])
        return table.text
    }

    private func ratio(_ twin: Double?, _ ours: Double) -> String {
        twin.map { ($0 / ours).text(1) } ?? ""
    }

    /// Steps that the released method takes for a batch.
    private static let paperSteps = 50

    private var twinSecondsPerEdit: Double? {
        twin.map { $0.seconds * Double(Self.paperSteps) / Double(rows) }
    }
}

extension TwinFigures {
    /// Of one step: the mean, as ours are.
    var seconds: Double { secondsPerStep }
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
