import Errata
package import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// Keeps a server's models like those of another server, which writes them: it looks every second.
///
/// What is damaged, or cannot be reached, it says once in the log; the server goes on answering with
/// what it has.
package final class Follower: ServiceLifecycle.Service, Sendable {
    /// Where the other's models are.
    package enum Source: Sendable {
        /// Its data directory, on this machine or a shared volume.
        case folder(URL)
        /// Its address, and a token of the role `replicate`.
        case server(URL, token: String?)

        /// As people know it.
        package var name: String {
            switch self {
            case .folder(let folder): folder.path
            case .server(let address, _): address.absoluteString
            }
        }
    }

    /// How things stand.
    struct Standing: Sendable {
        /// When this server last had all that the other had.
        var agreed: ContinuousClock.Instant?
        /// What went wrong since, by tenant.
        var faults: [String: String] = [:]
        /// How often something went wrong.
        var failures = 0

        /// Seconds for which the other may have gone on without this one; nil where it never agreed.
        var lag: Double? { agreed.map { (ContinuousClock.now - $0) / .seconds(1) } }
    }

    let source: Source
    private let base: URL
    private let data: URL
    private let logger: Logger
    private let state = Mutex(Standing())
    private let mirrors = Mutex<[String: Mirror]>([:])
    private let tenants = Mutex<Tenants?>(nil)

    /// - Parameters:
    ///   - base: the base model on this machine.
    ///   - data: where the models lie: the source itself, or the copy of it.
    package init(_ source: Source, base: URL, data: URL, logger: Logger) {
        (self.source, self.base, self.data, self.logger) = (source, base, data, logger)
    }

    var standing: Standing { state.withLock { $0 } }

    /// Makes a first copy, so that there is something to open.
    ///
    /// - Throws: a sentence where there is neither a source nor an earlier copy.
    package func prepare() async throws {
        let faults = await pull()
        if let fault = faults[""], !EditableModel.isSaved(in: data) { throw fault }
        for (name, fault) in faults { note("\(fault)", for: name) }
    }

    /// From now on `tenants` are kept up to date.
    package func begin(_ tenants: Tenants) { self.tenants.withLock { $0 = tenants } }

    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await look()
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Takes in what there is.
    func look() async {
        guard let tenants = tenants.withLock({ $0 }) else { return }
        var faults = await pull()
        for name in tenants.logged {
            do {
                _ = try await tenants.find(name, isKnown: true)
            } catch {
                faults[name] = error
            }
        }
        for (name, model) in tenants.all {
            do {
                if try await model.follow() {
                    logger.info(
                        "took in a version",
                        metadata: ["version": "\(model.versions.current.name)"])
                }
            } catch {
                faults[name ?? ""] = error
            }
        }
        guard !Task.isCancelled else { return }
        for (name, fault) in faults { note("\(fault)", for: name) }
        state.withLock { state in
            if faults.isEmpty { state.agreed = .now }
            state.faults = faults.mapValues { "\($0)" }
        }
    }

    /// Counts a fault, and says it where it was not said just before.
    private func note(_ fault: String, for tenant: String) {
        let isNews = state.withLock { state in
            state.failures += 1
            defer { state.faults[tenant] = fault }
            return state.faults[tenant] != fault
        }
        if isNews {
            logger.warning(
                "cannot follow; going on with what is there", metadata: ["why": "\(fault)"])
        }
    }

    /// Copies what the other server has beyond the copies here. What is wrong with one log keeps no
    /// other from being copied.
    ///
    /// - Returns: what went wrong, by tenant; with the server's own log, or with all, under "".
    private func pull() async -> [String: any Error] {
        guard case .server(let address, let token) = source else { return [:] }
        let client = SourceClient(address: address, token: token)
        let names: [String]
        do {
            names = try await client.tenants()
        } catch {
            return ["": error]
        }
        var faults: [String: any Error] = [:]
        for name in [nil] + names.map(Optional.some) {
            let client = client.of(tenant: name)
            do {
                try await mirror(name).pull { piece in try await client.fetch(piece) }
            } catch {
                faults[name ?? ""] = error
            }
        }
        return faults
    }

    private func mirror(_ tenant: String?) -> Mirror {
        mirrors.withLock { mirrors in
            if let mirror = mirrors[tenant ?? ""] { return mirror }
            let place = tenant.map { data.appending(path: "tenants").appending(path: $0) } ?? data
            let mirror = Mirror(place, base: base)
            mirrors[tenant ?? ""] = mirror
            return mirror
        }
    }
}
