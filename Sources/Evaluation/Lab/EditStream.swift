import Edits

/// One stream of edits through one method, from the unedited model: measured once, and read by
/// every table that needs it.
package struct EditStream: Codable, Hashable, Sendable {
    /// In which order edits are taught.
    package enum Order: String, Codable, Sendable, CaseIterable {
        /// As they stand in the file.
        case file
        /// Drawn by the stream's seed, which then draws nothing else.
        case shuffled
    }

    /// Where the edits come from.
    package var data: LabData.Name
    /// Method and preset: `elder:paper`.
    package var method: String
    /// Keys of the recipe that have another value, as texts.
    package var settings: [String: String]
    /// How many edits.
    package var edits: Int
    /// After so many edits everything learned so far is asked, ascending; the end is one anyway.
    package var marks: [Int]
    /// Edits between two rounds of probing right after the edit; nil for none.
    package var probeEvery: Int?
    /// At most so many neighbouring and as many unrelated prompts of an edit are asked; nil for all.
    package var localityPerEdit: Int?
    /// Prompts far from any edit, asked besides the edits' own; nil for as many as there are edits
    /// where these have none.
    package var unrelated: Int?
    /// In which order.
    package var order: Order
    /// What is taught and what measures.
    package var split: Split
    /// Fixes the order where that is shuffled, and what the method draws elsewhere.
    package var seed: UInt64
    /// So many records of each general task are asked at the end; nil for none.
    package var tasks: Int?

    /// Fixes what the method draws: the same in all shuffled orders, which so differ in nothing else.
    var methodSeed: UInt64 { order == .shuffled ? 1 : seed }

    /// What tells it from other streams, fit for a file name; how many tasks are asked does not.
    package var name: String {
        var parts = [data.rawValue, String(edits), method.replacing(":", with: "-")]
        parts += settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if !marks.isEmpty { parts.append("marks\(marks.count)") }
        if let probeEvery { parts.append("every\(probeEvery)") }
        if let localityPerEdit { parts.append("locality\(localityPerEdit)") }
        if let unrelated { parts.append("unrelated\(unrelated)") }
        if order == .shuffled { parts.append("shuffled") }
        if split == .paper { parts.append("paper-split") }
        return (parts + ["seed\(seed)"]).joined(separator: "-")
    }

    /// Whether a measurement of `self` is one of `other`: the same, with no fewer tasks asked.
    func covers(_ other: EditStream) -> Bool {
        var same = self
        same.tasks = other.tasks
        return same == other && tasks ?? 0 >= other.tasks ?? 0
    }
}

extension [EditStream] {
    /// Every stream once, with the most tasks that any of its namesakes asks, in order.
    package var distinct: [EditStream] {
        var places: [String: Int] = [:]
        return reduce(into: []) { streams, stream in
            if let place = places[stream.name] {
                let tasks = [streams[place].tasks, stream.tasks].compactMap(\.self)
                streams[place].tasks = tasks.max()
            } else {
                places[stream.name] = streams.count
                streams.append(stream)
            }
        }
    }
}
