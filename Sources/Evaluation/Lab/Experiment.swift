import Edits
package import Foundation

/// One table or figure, as a recipe in `Configs/reproduce` says it.
package struct Experiment: Decodable, Sendable {
    /// The recipe's file name without its ending: `table1`.
    package internal(set) var name = ""
    /// What it is, for a heading.
    package var title: String
    /// What was published: paper, table, what is known of it.
    package var source: String
    /// What a reader must know of this reproduction; absent for nothing.
    package var note: String?
    /// What is shown of the streams, in order.
    package var shows: [Exhibit.Kind]
    /// What is measured.
    package var streams: [StreamRecipe]
    /// Published numbers, by data set.
    package var published: [String: Published]?

    /// A table of a paper.
    package struct Published: Decodable, Sendable, Equatable {
        /// Headings.
        package var columns: [String]
        /// The numbers of each method, by method and preset; nil where there is none.
        package var rows: [String: [Double?]]
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case title, source, note, shows, streams, published
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "recipe key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        title = try values.decode(String.self, forKey: .title)
        source = try values.decode(String.self, forKey: .source)
        note = try values.decodeIfPresent(String.self, forKey: .note)
        shows = try values.decode([Exhibit.Kind].self, forKey: .shows)
        streams = try values.decode([StreamRecipe].self, forKey: .streams)
        published = try values.decodeIfPresent([String: Published].self, forKey: .published)
    }
}

/// Streams that differ in data, method, seed or the value of a key.
package struct StreamRecipe: Decodable, Sendable {
    /// The data sets.
    package var data: [LabData.Name]
    /// Methods as `errata bench --methods` has them.
    package var methods: [String]
    /// How many edits.
    package var edits: Int
    /// After so many edits everything learned so far is asked; 1,000 to 4,000 for a curve.
    package var marks: [Int]
    /// Edits between two rounds of probing right after the edit; absent for none.
    package var probeEvery: Int?
    /// At most so many neighbouring and as many unrelated prompts of an edit are asked; absent for all.
    package var localityPerEdit: Int?
    /// Prompts far from any edit, asked besides the edits' own; absent for as many as there are
    /// edits where these have none.
    package var unrelated: Int?
    /// In which order the edits are taught.
    package var order: EditStream.Order
    /// What is taught and what measures.
    package var split: Split
    /// A stream is measured once for each; where the order is shuffled, it draws that alone.
    package var seeds: [UInt64]
    /// Records of each general task asked at the end; absent for none.
    package var tasks: Int?
    /// Keys of recipes with another value: `"lemoe.plansOrder": false`.
    package var settings: [String: JSONValue]
    /// Keys that take the number of edits divided by so much: `"lemoe.editsPerExpert": 5`.
    package var dividing: [String: Int]
    /// Keys that take each of these values in turn, one key at a time.
    package var vary: [String: [JSONValue]]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case data, methods, edits, marks, probeEvery, localityPerEdit, unrelated, order, split,
            seeds, tasks
        case settings, dividing, vary
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "recipe key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, or standard: Value) throws -> Value {
            try values.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        data = try values.decode([LabData.Name].self, forKey: .data)
        methods = try values.decode([String].self, forKey: .methods)
        edits = try values.decode(Int.self, forKey: .edits)
        marks = try value(.marks, or: [])
        probeEvery = try values.decodeIfPresent(Int.self, forKey: .probeEvery)
        localityPerEdit = try values.decodeIfPresent(Int.self, forKey: .localityPerEdit)
        unrelated = try values.decodeIfPresent(Int.self, forKey: .unrelated)
        order = try value(.order, or: .file)
        split = try value(.split, or: .promptOnly)
        seeds = try value(.seeds, or: [1])
        tasks = try values.decodeIfPresent(Int.self, forKey: .tasks)
        settings = try value(.settings, or: [:])
        dividing = try value(.dividing, or: [:])
        vary = try value(.vary, or: [:])
        try requireSense(decoder)
    }

    private func requireSense(_ decoder: any Decoder) throws {
        let counts =
            [edits] + marks + [probeEvery, unrelated, tasks].compactMap(\.self) + dividing.values
        guard counts.allSatisfy({ $0 > 0 }), localityPerEdit ?? 0 >= 0, !seeds.isEmpty else {
            throw EvaluationError("expected counts above 0 and at least one seed.")
        }
        guard marks == marks.sorted(), marks.last ?? 0 <= edits else {
            throw EvaluationError("expected `marks` ascending and within `edits`, got \(marks).")
        }
    }
}

extension Experiment {
    /// The recipe at `url`.
    ///
    /// - Throws: `EvaluationError` that names the file and the key.
    package init(_ url: URL) throws {
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw EvaluationError("The recipe \(url.path) cannot be read; is it there?")
        }
        do {
            self = try JSONDecoder().decode(Experiment.self, from: data)
        } catch {
            throw EvaluationError("The recipe \(url.path) cannot be used: \(sentence(for: error)).")
        }
        name = url.deletingPathExtension().lastPathComponent
    }

    /// The recipes in the folder at `url`, by name.
    ///
    /// - Throws: `EvaluationError` where there are none, or one cannot be used.
    package static func all(in url: URL) throws -> [Experiment] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        let recipes = names.filter { $0.hasSuffix(".json") }.sorted()
        guard !recipes.isEmpty else {
            throw EvaluationError(
                "Expected recipes such as table1.json in \(url.path), but there are none; name their "
                    + "folder with --recipes.")
        }
        return try recipes.map { try Experiment(url.appending(path: $0)) }
    }
}
