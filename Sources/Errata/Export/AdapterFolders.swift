import Editing
import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

/// `index.json` beside the adapters: which edit goes through which.
struct AdapterIndex: Codable, Equatable {
    static let fileName = "index.json"

    struct Base: Codable, Equatable {
        let name: String
        /// SHA-256 of its configuration and weights, as Errata takes it.
        let digest: String
    }

    struct Adapter: Codable, Equatable {
        let folder: String
        /// What the route goes through, in words.
        let route: String
        let rank: Int
    }

    struct Edit: Codable, Equatable {
        let id: String
        /// The event of the log that accepted it.
        let event: Int
        /// Its adapter; absent where the model leaves the prompt to the unedited model.
        let folder: String?
        let prompt: String
        let target: String
    }

    var format = 1
    let base: Base
    let method: String
    let version: Int
    var adapters: [Adapter] = []
    var edits: [Edit] = []
}

extension ExportJob {
    /// Writes one adapter for each route that an edit's prompt takes, reads them again, and compares.
    func writeAdapters(in folder: ExportFolder, _ report: inout ExportReport) throws {
        guard let routing = method as? any LowRankRouting else {
            preconditionFailure("\(configuration.method) has no adapters")
        }
        var index = AdapterIndex(
            base: AdapterIndex.Base(name: base.name, digest: configuration.baseDigest),
            method: configuration.method, version: version)
        var routes: [String: (folder: String, route: LowRankRoute)] = [:]
        var cases: [ExportCase] = []
        for (number, entry) in edits.enumerated() {
            try onProgress(number, edits.count)
            let record = entry.record
            var place: (folder: String, route: LowRankRoute)?
            if let route = try routing.route(of: record.prompt) {
                place = routes[route.name] ?? (Self.adapterName(routes.count), route)
                if routes[route.name] == nil {
                    routes[route.name] = place
                    index.adapters.append(try write(place!.route, as: place!.folder, in: folder))
                    cases += try company(of: place!, number: routes.count)
                }
                cases.append(try said(record.prompt, .edit, through: place!))
            } else {
                report.deferred.append(record.id)
            }
            index.edits.append(
                AdapterIndex.Edit(
                    id: record.id, event: entry.sequence, folder: place?.folder,
                    prompt: record.prompt, target: record.target))
        }
        guard !routes.isEmpty else { throw nothingLearned }
        report.adapters = routes.count
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(index)
        try writeAtomically(to: folder.draft.appending(path: AdapterIndex.fileName)) {
            try $0(json)
        }
        cases += try withoutAdapter()
        try prove(
            cases, read: reread(cases, in: folder),
            tolerance: ExportTolerance.of(base.model.dtype), in: folder, &report)
    }

    private static func adapterName(_ count: Int) -> String {
        let digits = String(count + 1)
        return "adapters/" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private func write(
        _ route: LowRankRoute, as name: String, in folder: ExportFolder
    ) throws -> AdapterIndex.Adapter {
        let adapter = PEFTAdapter(route)
        try adapter.write(
            to: folder.draft.appending(path: name), for: base.model.configuration, base: base.name)
        return AdapterIndex.Adapter(folder: name, route: route.name, rank: adapter.rank)
    }

    /// What the model answers where a prompt takes this route.
    private func said(
        _ prompt: String, _ kind: ExportCase.Kind,
        through place: (folder: String, route: LowRankRoute)
    ) throws -> ExportCase {
        // The prompt of an edit is asked as anybody asks it; a text that no edit is about must be
        // told the route.
        let recital =
            try kind == .edit
            ? method.recital(of: prompt, atMost: options.maximumTokens)
            : base.model.recital(
                of: base.tokenizer.encode(prompt), adaptation: place.route.adaptation,
                atMost: options.maximumTokens)
        return ExportCase(kind: kind, text: prompt, adapter: place.folder, recital: recital)
    }

    /// One text that no edit is about, through an adapter that is on.
    private func company(
        of place: (folder: String, route: LowRankRoute), number: Int
    ) throws -> [ExportCase] {
        guard !texts.isEmpty else { return [] }
        return [try said(texts[number % texts.count], .unrelated, through: place)]
    }

    /// Texts that no edit is about, with no adapter on: what the index means by deferred.
    private func withoutAdapter() throws -> [ExportCase] {
        let unedited = Unedited(model: base.model, tokenizer: base.tokenizer)
        return try texts.prefix(4).map {
            ExportCase(
                kind: .unrelated, text: $0, adapter: nil,
                recital: try unedited.recital(of: $0, atMost: options.maximumTokens))
        }
    }

    /// Through the adapters as they stand in their folders.
    private func reread(
        _ cases: [ExportCase], in folder: ExportFolder
    ) throws -> [ExportReading.Case] {
        try compared(cases) { said in
            let adapter = try said.adapter.map {
                try PEFTAdapter(
                    contentsOf: folder.draft.appending(path: $0), for: base.model.configuration)
            }
            return try compare(said, with: base.model, adaptation: adapter?.route.adaptation)
        }
    }
}
