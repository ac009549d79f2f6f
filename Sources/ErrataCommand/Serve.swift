import ArgumentParser
import EditServer
import Errata
import Foundation

/// `errata serve`: a model that is corrected while it serves.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a model over HTTP, and correct it meanwhile.",
        usage:
            "errata serve --model DIR --data DIR [--host HOST] [--port PORT] [--tokens FILE] ...",
        discussion: """
            Example:
              errata serve --model Models/world-gpt2 --data world.edited --port 8080
              errata serve --model Models/world-gpt2 --follow world.edited --port 8081
              curl localhost:8080/v1/completions -H 'Content-Type: application/json' \\
                  -d '{"model": "world-gpt2", "prompt": "Toburg is a city in", "temperature": 0}'

            OpenAI's clients work against it. Corrections come to /v1/edits; those that hold live in \
            the log in --data, which is made where it is missing. Without --tokens it listens to this \
            machine alone, and everybody there may do everything. With --follow it answers with what \
            another server writes, and changes nothing. SIGTERM and Ctrl-C end it when \
            what it was asked is answered.
            """)

    @Option(help: ArgumentHelp("The base model.", valueName: "dir"))
    var model: String

    @Option(
        help: ArgumentHelp("The log of corrections; made where it is missing.", valueName: "dir"))
    var data: String?

    @Option(help: "What requests call the model (default: the name of its directory).")
    var name: String?

    @OptionGroup(title: "The network") var network: NetworkOptions
    @OptionGroup(title: "Following another server") var following: FollowingOptions
    @OptionGroup(title: "Access") var access: AccessOptions
    @OptionGroup(title: "Limits") var limits: ServingLimits
    @OptionGroup(title: "Recipe of a log that is begun") var recipe: RecipeOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions

    func validate() throws {
        switch following.source(token: nil) {
        case nil, .server:
            guard data != nil else {
                throw ValidationError("expected --data, the directory of the log, got none")
            }
        case .folder(let folder):
            guard data == nil else {
                throw ValidationError(
                    "expected --follow \(folder.path) without --data, since it is the log itself")
            }
        }
    }

    func run() async throws {
        let settings = try settings()
        let server: EditServer
        do {
            try settings.validate()
            let follower = try following.follower(of: base, copy: place, log: network.log)
            try await follower?.prepare()
            let tenants = try await Tenants(source())
            for (_, model) in tenants.all {
                for notice in await model.notices { Output.note(notice) }
            }
            server = try await EditServer(
                tenants, settings: settings, engine: limits.engine(threads: servingThreads),
                following: follower, logger: network.log.logger)
        } catch {
            throw WrongInput(Exit.sentence(for: error))
        }
        let address = network.address
        let scheme = settings.tls == nil ? "http" : "https"
        try await server.run { port in
            Output.line("Serving \(settings.modelName) at \(scheme)://\(address):\(port ?? 0)")
        }
    }

    /// The cores that answering may have: learning has its own share, and gives way.
    private var servingThreads: Int {
        engine.threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    }

    private func source() throws -> Tenants.Source {
        var options = try engine.modelOptions()
        options.givesWay = true
        options.keptVersions = limits.keptVersions
        options.threads = limits.learningThreads ?? max(1, servingThreads)
        let editor = try recipe.editor()
        guard editor == nil || !EditableModel.isSaved(in: place) else {
            throw WrongInput(
                "\(place.path) keeps its own method and recipe; leave --method, --preset, --config and "
                    + "--set out.")
        }
        var source = Tenants.Source(base: base, data: place, options: options, editor: editor)
        source.isReadOnly = following.follow != nil
        return source
    }

    private var base: URL { URL(filePath: model, directoryHint: .isDirectory).standardizedFileURL }

    /// Where the log lies.
    private var place: URL {
        if case .folder(let folder) = following.source(token: nil) { return folder }
        return URL(filePath: data ?? "", directoryHint: .isDirectory)
    }

    private func settings() throws -> ServerSettings {
        var settings = ServerSettings(modelName: name ?? base.lastPathComponent)
        settings.isReadOnly = following.follow != nil
        settings.writer = following.source(token: nil)?.name
        try network.apply(to: &settings)
        access.apply(to: &settings)
        // The folder of a writer that is followed is that writer's own.
        if data != nil { settings.usage = place.appending(path: "usage.json") }
        limits.apply(to: &settings)
        return settings
    }
}

/// Where the server listens.
struct NetworkOptions: ParsableArguments {
    @Option(help: "The address to listen at; beyond this machine only with --tokens.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen at; 0 takes any that is free.")
    var port = 8080

    @Option(help: ArgumentHelp("The certificate chain for HTTPS, PEM.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("Its private key, PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(help: "What is logged: debug, info, notice, warning, error.")
    var log = ServerLog.info

    /// As a link has it.
    var address: String { host.contains(":") ? "[\(host)]" : host }

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("expected --tls-cert and --tls-key together, got one of them")
        }
        guard 0...65535 ~= port else {
            throw ValidationError("expected --port from 0 to 65535, got \(port)")
        }
    }

    func apply(to settings: inout ServerSettings) throws {
        settings.host = host
        settings.port = port
        if let tlsCert, let tlsKey {
            settings.tls = ServerSettings.TLSFiles(
                certificate: URL(filePath: tlsCert), key: URL(filePath: tlsKey))
        }
    }
}

/// Whom the server follows.
struct FollowingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Answer with what another server writes: its --data, or its address.",
            valueName: "source"))
    var follow: String?

    @Option(
        help: ArgumentHelp(
            "A file that holds a token of that server with the role replicate.",
            valueName: "file"))
    var followToken: String?

    func validate() throws {
        guard followToken == nil || follow?.isAddress == true else {
            throw ValidationError("expected --follow with an address beside --follow-token")
        }
        guard follow?.isAddress != true || address?.host() != nil else {
            throw ValidationError("expected --follow http://HOST:PORT, got \(follow ?? "")")
        }
    }

    private var address: URL? { follow.flatMap { URL(string: $0) } }

    func source(token: String?) -> Follower.Source? {
        guard let follow else { return nil }
        guard follow.isAddress, let address else {
            return .folder(URL(filePath: follow, directoryHint: .isDirectory).standardizedFileURL)
        }
        return .server(address, token: token)
    }

    /// - Throws: `WrongInput` for a token that cannot be read.
    func follower(of base: URL, copy: URL, log: ServerLog) throws -> Follower? {
        var token: String?
        if let followToken {
            guard let text = try? String(contentsOfFile: followToken, encoding: .utf8) else {
                throw WrongInput("expected a token in \(followToken), but it cannot be read.")
            }
            token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return source(token: token).map {
            Follower($0, base: base, data: copy, logger: log.logger)
        }
    }
}

extension String {
    fileprivate var isAddress: Bool { hasPrefix("http://") || hasPrefix("https://") }
}

/// Who may do what.
struct AccessOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Who may do what; errata token makes it.", valueName: "file"))
    var tokens: String?

    @Flag(help: "What one proposes waits until another approves.")
    var approval = false

    func apply(to settings: inout ServerSettings) {
        settings.tokens = tokens.map { URL(filePath: $0) }
        settings.needsApproval = approval
    }
}

/// How much the server does at once, and for how long.
struct ServingLimits: ParsableArguments {
    @Option(help: ArgumentHelp("The most requests that wait.", valueName: "count"))
    var maxQueue = 256

    @Option(help: ArgumentHelp("The most continuations that grow at once.", valueName: "count"))
    var maxBatch = 64

    @Option(help: ArgumentHelp("The longest an answer may take.", valueName: "seconds"))
    var timeout = 120.0

    @Option(help: ArgumentHelp("The largest body of a request.", valueName: "bytes"))
    var maxBody = 1 << 20

    @Option(help: ArgumentHelp("The most connections at once.", valueName: "count"))
    var maxConnections = 1024

    @Option(
        name: .customLong("keep"),
        help: ArgumentHelp("How many versions can be asked by number.", valueName: "count"))
    var keptVersions = 16

    @Option(
        help: ArgumentHelp(
            "Threads that learning has, in a log that is begun (default: as --threads).",
            valueName: "count"))
    var learningThreads: Int?

    func validate() throws {
        for (name, value) in [
            ("max-queue", maxQueue), ("max-batch", maxBatch), ("max-body", maxBody),
            ("max-connections", maxConnections), ("keep", keptVersions),
            ("learning-threads", learningThreads ?? 1),
        ] {
            try requireCount(value, of: name)
        }
        guard timeout > 0, timeout <= longestSeconds else {
            throw ValidationError(
                "expected --timeout above 0 and at most \(longestSeconds), got \(timeout)")
        }
    }

    func engine(threads: Int) -> ServingEngine.Options {
        var options = ServingEngine.Options()
        options.maximumRows = maxBatch
        options.maximumQueue = maxQueue
        options.threads = threads
        return options
    }

    func apply(to settings: inout ServerSettings) {
        settings.answerSeconds = timeout
        settings.maximumBodyBytes = maxBody
        settings.maximumConnections = maxConnections
    }
}

extension ServerLog: ExpressibleByArgument {}
