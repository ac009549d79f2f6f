package import Errata
import Foundation
package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle

/// A language model that is corrected while it serves, behind an API that OpenAI's clients know.
package struct EditServer: Sendable {
    let service: EditService
    private let logger: Logger

    /// - Throws: one sentence for settings that make no sense or files that cannot be read.
    package init(
        _ tenants: Tenants, settings: ServerSettings,
        engine options: ServingEngine.Options = ServingEngine.Options(),
        following follower: Follower? = nil, logger: Logger
    ) async throws {
        try settings.validate()
        let doorkeeper = try Doorkeeper(
            settings.tokens, record: settings.usage, logger: logger)
        try await tenants.open(doorkeeper.tenants)
        service = EditService(
            settings: settings, tenants: tenants,
            engine: ServingEngine(for: tenants.own.versions.current, options: options),
            doorkeeper: doorkeeper, meters: Meters(), traffic: Traffic(), chores: Chores(logger),
            follower: follower)
        follower?.begin(tenants)
        self.logger = logger
    }

    /// Every route there is; a part of the server that comes later adds its group here.
    package func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.addMiddleware {
            FrontDesk(service: service)
            HostCheck(settings: service.settings)
            Authentication(service: service)
        }
        HealthRoutes(service: service).add(to: router)
        PageRoutes(service: service, sessions: Sessions()).add(to: router)
        let group = router.group("v1")
        ModelRoutes(service: service).add(to: group)
        CompletionRoutes(service: service).add(to: group)
        ChatRoutes(service: service).add(to: group)
        EditRoutes(service: service).add(to: group)
        SnapshotRoutes(service: service).add(to: group)
        ExplainRoutes(service: service).add(to: group)
        ReplicaRoutes(service: service).add(to: group)
        return router
    }

    /// The server, to be run by itself or tested without a network.
    ///
    /// - Parameter onListening: hears the port when clients can connect.
    /// - Throws: a sentence for a certificate that cannot be read.
    package func application(
        onListening: @escaping @Sendable (_ port: Int?) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        let settings = service.settings
        var services: [any Service] = [service.chores, EngineService(service: service)]
        if let follower = service.follower { services.append(follower) }
        return Application(
            router: router(), server: try channels(),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "errata",
                availableConnectionsDelegate: MaximumAvailableConnections(
                    settings.maximumConnections)),
            // Those that stand first end last: the engine answers what the network has taken in.
            services: services,
            onServerRunning: { channel in await onListening(channel.localAddress?.port) },
            logger: logger)
    }

    /// Serves until SIGTERM or SIGINT comes; what was taken in is answered then.
    package func run(
        onListening: @escaping @Sendable (_ port: Int?) async -> Void = { _ in }
    ) async throws {
        if !service.settings.isReadOnly {
            for (_, model) in service.tenants.all {
                service.chores.begin { try await model.warmUp() }
            }
        }
        try await application(onListening: onListening).runService()
    }

    private func channels() throws -> HTTPServerBuilder {
        let settings = service.settings
        // An answer that is begun at the last moment can be read to its end.
        let grace = settings.answerSeconds + settings.stallSeconds
        let plain = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    DepartureHandler(),
                    StallHandler(patience: .of(settings.stallSeconds), grace: .of(grace)),
                    LateBodyHandler(patience: .of(settings.bodySeconds)),
                ],
                idleTimeout: .of(settings.idleSeconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10,
                    maxHeaderFieldCount: 100)))
        guard let files = settings.tls else { return plain }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate.path)
            let key = try NIOSSLPrivateKey(file: files.key.path, format: .pem)
            return try .tls(
                plain,
                tlsConfiguration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
        } catch {
            throw ServerError(
                "expected a certificate chain in \(files.certificate.path) and its key in "
                    + "\(files.key.path), both PEM, but they cannot be used (\(error)).")
        }
    }
}

extension TimeAmount {
    /// So many seconds, or thirty years where they are more.
    fileprivate static func of(_ seconds: Double) -> TimeAmount {
        .nanoseconds(Int64(min(seconds, 1e9) * 1e9))
    }
}
