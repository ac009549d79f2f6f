package import Errata

/// One of the methods that a list names, with one of its presets.
package struct MethodChoice: Sendable, Equatable {
    /// The method.
    package let info: MethodInfo
    /// One of its presets.
    package let preset: String

    /// As lists name it: `elder:paper`, `lora`.
    package var name: String { info.presets.count == 1 ? info.name : "\(info.name):\(preset)" }

    /// As tables call it: the preset is named where there are several.
    package var title: String {
        info.presets.count == 1 ? info.title : "\(info.title) \(preset)"
    }

    /// The editor; a key such as `grace.steps` is for the method it names, others are for all.
    package func editor(replacing values: [String: String]) -> Editor {
        guard info.name != "unedited" else { return .unedited }
        return Editor(info.name, preset: preset, replacing: own(values))
    }

    /// Those of `values` that are for this method, without its name.
    package func own(_ values: [String: String]) -> [String: String] {
        var own: [String: String] = [:]
        for (key, value) in values {
            if !key.contains(".") { own[key] = value }
        }
        for (key, value) in values where key.hasPrefix(info.name + ".") {
            own[String(key.dropFirst(info.name.count + 1))] = value
        }
        return own
    }

    /// The methods of a list such as `unedited,elder:paper,grace:*`, or of `all`.
    ///
    /// - Throws: `EvaluationError` that names what is no method, or no preset of its method.
    package static func parse(_ list: String) throws -> [MethodChoice] {
        let names = list == "all" ? MethodInfo.all.map { "\($0.name):*" } : words(list, ",")
        guard !names.isEmpty else {
            throw EvaluationError(
                "expected --methods such as unedited,elder:paper or all, got nothing.")
        }
        return try names.flatMap { try choices($0) }
    }

    private static func choices(_ name: String) throws -> [MethodChoice] {
        // The presets of ELDER had no other name when it stood alone.
        let name = ["paper", "default"].contains(name) ? "elder:\(name)" : name
        let parts = words(name, ":")
        let info = try MethodInfo.named(parts.first ?? "")
        guard parts.count > 1 else { return [MethodChoice(info: info, preset: info.presets[0])] }
        if parts[1] == "*" { return info.presets.map { MethodChoice(info: info, preset: $0) } }
        guard info.presets.contains(parts[1]) else {
            let presets = info.presets.joined(separator: ", ")
            throw EvaluationError(
                "expected a preset of \(info.name) (\(presets)), got \(parts[1]).")
        }
        return [MethodChoice(info: info, preset: parts[1])]
    }

    private static func words(_ text: String, _ separator: Character) -> [String] {
        text.split(separator: separator).map(String.init)
    }
}
