import EditServer
import Edits
import Errata
import Foundation

/// `errata demo --serve`: the embedded model behind a server that has something to show already.
struct DemoServer {
    /// The embedded model.
    let base: URL
    /// Where the log and the tokens lie; nil for a folder that goes when the server does.
    let folder: URL?
    let port: Int
    let corrections: Int
    let editor: Editor
    let engine: EngineOptions

    /// Who takes part, and what they may do.
    private static let people: [(name: String, roles: [Role], words: String)] = [
        ("ada", [.ask, .propose], "asks, and proposes corrections"),
        ("grace", [.ask, .approve], "approves, declines and takes back"),
        ("root", [.admin], "does everything, without approval"),
    ]

    func run() async throws {
        let options = try engine.modelOptions()
        let place = try made()
        defer { if folder == nil { try? FileManager.default.removeItem(at: place) } }
        let secrets = try tokens(in: place)
        let server: EditServer
        do {
            server = try await prepared(in: place, options)
        } catch {
            throw Failure(Exit.sentence(for: error))
        }
        let prompt = try prompts()[0]
        try await server.run { port in
            Output.text(guide(port ?? self.port, secrets, prompt: prompt, place: place))
        }
    }

    /// An empty folder.
    private func made() throws -> URL {
        let manager = FileManager.default
        let place =
            folder
            ?? manager.temporaryDirectory.appending(path: "errata-demo-\(UUID().uuidString)")
        guard ((try? manager.contentsOfDirectory(atPath: place.path)) ?? []).isEmpty else {
            throw WrongInput(
                "expected a new folder in --output, but \(place.path) holds something; choose another."
            )
        }
        do {
            try manager.createDirectory(at: place, withIntermediateDirectories: true)
        } catch {
            throw WrongInput(Exit.sentence(for: error))
        }
        return place
    }

    private func file(of tokens: URL) -> URL { tokens.appending(path: "tokens.json") }

    /// Makes everybody a token.
    private func tokens(in place: URL) throws -> [String] {
        var kept = TokenFile()
        let secrets = try Self.people.map { person in
            let made = try AccessToken.make(name: person.name, roles: person.roles)
            try kept.add(made.token)
            return made.secret
        }
        try kept.write(to: file(of: place))
        return secrets
    }

    /// The server with its story: corrections by two people, one of them replaced, one taken back, one
    /// that waits, and some answers.
    private func prepared(
        in place: URL, _ options: ModelOptions
    ) async throws -> EditServer {
        var options = options
        options.givesWay = true
        options.keptVersions = 16
        let cores = ProcessInfo.processInfo.activeProcessorCount
        options.threads = engine.threads ?? max(1, cores / 2)
        let tenants = try await Tenants(
            Tenants.Source(
                base: base, data: place.appending(path: "data"), options: options, editor: editor))
        try await correct(tenants.all[0].model)
        var settings = ServerSettings(modelName: base.lastPathComponent)
        settings.port = port
        settings.tokens = file(of: place)
        settings.needsApproval = true
        var serving = ServingEngine.Options()
        serving.threads = options.threads ?? 1
        let server = try await EditServer(
            tenants, settings: settings, engine: serving, logger: ServerLog.warning.logger)
        try await server.rehearse(try prompts())
        return server
    }

    private func correct(_ model: EditableModel) async throws {
        let edits = try records()
        let batches = stride(from: 0, to: edits.count - 1, by: 3).map {
            Array(edits[$0..<min($0 + 3, edits.count - 1)])
        }
        for (number, batch) in batches.enumerated() {
            Output.line(
                "Learning \(batch.count.counted("correction")), batch \(number + 1) of \(batches.count) …"
            )
            try await apply(
                batch, by: "grace", because: "the registry of the invented world was revised",
                to: model)
        }
        var later = edits[0]
        (later.id, later.target) = ("\(later.id)-again", try otherTarget(than: later))
        later.rephrases = []
        try await apply([later], by: "root", because: "the border moved once more", to: model)
        try await model.undo(
            [edits[edits.count - 2].id], author: "grace", reason: "the source was withdrawn")
        var options = ApplyOptions()
        (options.author, options.reason) = ("ada", "found in the new edition of the atlas")
        try await model.propose([edits[edits.count - 1]], options: options)
    }

    private func apply(
        _ edits: [EditRecord], by author: String, because reason: String, to model: EditableModel
    ) async throws {
        var options = ApplyOptions()
        (options.author, options.reason, options.conflicts) = (author, reason, .supersede)
        do {
            try await model.apply(edits, options: options)
        } catch let error as RejectedEdits {
            // The log has it, and so has the page.
            Output.note("left out: \(error.description)")
        }
    }

    /// As many corrections as wanted, and one more that is proposed.
    private func records() throws -> [EditRecord] { Array(try all().prefix(corrections + 1)) }

    private func all() throws -> [EditRecord] {
        let data = try Data(contentsOf: base.appending(path: "edits.jsonl"))
        return try EditRecord.decode(jsonLines: data)
    }

    /// What might be said of the subject as well: what another correction says of its own.
    private func otherTarget(than edit: EditRecord) throws -> String {
        try all().first { $0.relation == edit.relation && $0.target != edit.target }?.target
            ?? edit.prompt
    }

    /// Some that corrections cover, in other words too, and as many that none does.
    private func prompts() throws -> [String] {
        let edits = try records()
        return edits.dropLast().flatMap { edit in
            [edit.prompt] + edit.rephrases.prefix(1) + edit.locality.prefix(2).map(\.prompt)
        }
    }
}

extension DemoServer {
    /// What to open, and what to send.
    private func guide(_ port: Int, _ secrets: [String], prompt: String, place: URL) -> String {
        let address = "http://127.0.0.1:\(port)"
        let people = zip(Self.people, secrets).map { person, secret in
            let name = person.name.padding(toLength: 6, withPad: " ", startingAt: 0)
            let words = person.words.padding(toLength: 35, withPad: " ", startingAt: 0)
            return "  \(name) \(words) \(secret)"
        }
        func curl(_ path: String, _ body: String, as person: Int) -> String {
            """
              curl \(address)\(path) -H 'Content-Type: application/json' \\
                  -H 'Authorization: Bearer \(secrets[person])' \\
                  -d '\(body)'
            """
        }
        let model = base.lastPathComponent
        return """

            Open \(address) and sign in with one of these tokens:

            \(people.joined(separator: "\n"))

            Ask, explain, propose:

            \(curl("/v1/completions", #"{"model": "\#(model)", "prompt": "\#(prompt)", "temperature": 0, "max_tokens": 8}"#, as: 0))
            \(curl("/v1/explain", #"{"prompt": "\#(prompt)"}"#, as: 0))
            \(curl("/v1/edits", #"{"edits": [{"prompt": "\#(prompt)", "target": "Makunia"}]}"#, as: 0))

            Serving \(model) at \(address). The log is in \(place.appending(path: "data").path)\
            \(folder == nil ? ", which goes when the server does" : ""). Ctrl-C ends it.

            """
    }
}
