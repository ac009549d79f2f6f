import Errata

/// How a run is made smaller than its recipe.
package struct LabScale: Sendable {
    /// No stream is longer, but those of methods with a length of their own.
    package var edits: Int?
    /// Lengths that streams of one method do not pass, by its name or with its preset: `grace`,
    /// `elder:paper`.
    package var editsOfMethods: [String: Int] = [:]
    /// The methods that are measured, named in the same way; nil for all.
    package var methods: Set<String>?
    /// Not more seeds than so many.
    package var seeds: Int?
    /// No more records of each general task.
    package var tasks: Int?

    package init() {}

    /// Whether `stream` is of a method that is measured.
    package func measures(_ stream: EditStream) -> Bool {
        guard let methods else { return true }
        let method = stream.method.prefix { $0 != ":" }
        return methods.contains(stream.method) || methods.contains(String(method))
    }

    /// The length that no stream of `choice` passes; nil for none.
    fileprivate func edits(of choice: MethodChoice) -> Int? {
        editsOfMethods[choice.name] ?? editsOfMethods[choice.info.name] ?? edits
    }
}

extension Experiment {
    /// Everything to measure on the data sets that are at hand, and what of the recipe is left out
    /// and why, a sentence each.
    ///
    /// - Throws: `EvaluationError` or `EditError` for a method that is none.
    package func plan(
        on data: LabData, scale: LabScale = LabScale()
    ) throws -> (streams: [EditStream], notices: [String]) {
        var (streams, notices): ([EditStream], [String]) = ([], [])
        for recipe in self.streams {
            for name in recipe.data {
                guard let source = data.sources[name] else {
                    notices.append("\(title): \(name.title) is not at hand and is left out.")
                    continue
                }
                // Several streams of one experiment may be cut alike.
                if let notice = shortage(of: name, usable: source.usable, for: recipe),
                    !notices.contains(notice)
                {
                    notices.append(notice)
                }
                for choice in try recipe.methods.flatMap({ try MethodChoice.parse($0) }) {
                    let most = min(source.usable, scale.edits(of: choice) ?? source.usable)
                    streams += recipe.fitted(to: most, scale).streams(of: name, choice)
                }
            }
        }
        return (streams.distinct, notices)
    }

    /// A sentence where a data set has fewer edits than `recipe` teaches.
    private func shortage(
        of name: LabData.Name, usable: Int, for recipe: StreamRecipe
    ) -> String? {
        guard usable < recipe.edits else { return nil }
        let taught = recipe.fitted(to: usable, LabScale()).edits
        return "\(title): \(name.title) has \(usable) edits with a rephrasing, not "
            + "\(recipe.edits); \(taught) are taught at most."
    }
}

extension StreamRecipe {
    /// The recipe with no more edits than `most`: a curve ends with its last whole mark.
    fileprivate func fitted(to most: Int, _ scale: LabScale) -> StreamRecipe {
        var fitted = self
        fitted.seeds = Array(seeds.prefix(max(scale.seeds ?? seeds.count, 1)))
        fitted.tasks = tasks.map { min($0, scale.tasks ?? $0) }
        guard most < edits else { return fitted }
        let within = marks.filter { $0 <= most }
        if let last = within.last {
            fitted.marks = within
            fitted.edits = last
        } else {
            // Shorter than the first mark: the curve keeps its shape, on a smaller scale.
            fitted.marks = Array(Set(marks.map { max($0 * most / edits, 1) })).sorted()
            fitted.edits = most
        }
        return fitted
    }

    fileprivate func streams(of name: LabData.Name, _ choice: MethodChoice) -> [EditStream] {
        variations(of: choice).flatMap { settings in
            seeds.map { stream(name, choice, settings, seed: $0) }
        }
    }

    private func stream(
        _ name: LabData.Name, _ choice: MethodChoice, _ settings: [String: String], seed: UInt64
    ) -> EditStream {
        EditStream(
            data: name, method: choice.name, settings: settings, edits: edits,
            // A mark at the end is none: the end is asked anyway.
            marks: marks.filter { $0 < edits }, probeEvery: probeEvery,
            localityPerEdit: localityPerEdit, unrelated: unrelated, order: order, split: split,
            seed: seed, tasks: tasks)
    }

    /// The settings of `choice`, once for every value of a key that varies.
    private func variations(of choice: MethodChoice) -> [[String: String]] {
        var shared = settings.mapValues(\.setting)
        for (key, parts) in dividing { shared[key] = String((edits + parts - 1) / parts) }
        let own = choice.own(shared)
        let varied = vary.sorted { $0.key < $1.key }.flatMap { key, values in
            values.map { value in own.merging(choice.own([key: value.setting])) { $1 } }
        }
        return varied.isEmpty ? [own] : varied
    }
}

extension JSONValue {
    /// The value as a text that `--set` would take.
    var setting: String {
        switch self {
        case .text(let text): return text
        case .bool(let bool): return String(bool)
        case .number(let number):
            return Int(exactly: number).map(String.init) ?? String(number)
        case .null, .list, .object: return "null"
        }
    }
}
