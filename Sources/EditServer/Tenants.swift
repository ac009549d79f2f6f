package import Errata
package import Foundation
import Synchronization

/// One model with a log of its own: the server's, or a tenant's.
struct Tenant: Sendable {
    /// Nil for the server's own.
    let name: String?
    let model: EditableModel

    var versions: VersionShelf { model.versions }

    /// Whether `name` can name a tenant or a token: it becomes a folder, and stands in headers.
    static func isName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

/// The models of all tenants, over one base model in memory.
///
///     DATA/                the server's own log
///     DATA/tenants/NAME/   each tenant's
///
/// A tenant has a log and adapters of its own, so that no edit of one can fire for another: there is
/// no place where they could meet.
package actor Tenants {
    /// Where they come from.
    package struct Source: Sendable {
        /// The checkpoint, in the Hugging Face layout.
        package var base: URL
        /// Where the logs lie.
        package var data: URL
        package var options: ModelOptions
        /// The method of logs that are begun; ELDER's default where it is nil.
        package var editor: Editor?
        /// Whether nothing is ever written.
        package var isReadOnly = false

        package init(base: URL, data: URL, options: ModelOptions, editor: Editor? = nil) {
            self.base = base
            self.data = data
            self.options = options
            self.editor = editor
        }
    }

    private let source: Source
    nonisolated let own: Tenant
    /// By name.
    private let opened = Mutex<[String: Tenant]>([:])
    /// Those that are being opened, by name: a log has one writer, so all wait for the same.
    private var opening: [String: Task<Tenant, any Error>] = [:]

    /// Opens the server's own model, and makes its log where there is none.
    ///
    /// - Throws: one sentence for whatever does not fit.
    package init(_ source: Source) async throws {
        self.source = source
        own = Tenant(
            name: nil, model: try await Self.opened(at: source.data, source, sharing: nil))
    }

    /// The tenants there are, by name.
    package nonisolated var all: [(name: String?, model: EditableModel)] {
        [(nil, own.model)]
            + opened.withLock { $0.values.sorted { $0.name! < $1.name! } }.map {
                ($0.name, $0.model)
            }
    }

    /// Opens the tenants of `names`, and those that have a log already.
    package func open(_ names: Set<String>) async throws {
        for name in names.union(logged).sorted() where isThere(name) {
            _ = try await tenant(name)
        }
    }

    /// The names of tenants that have a folder for their log.
    nonisolated var logged: [String] {
        let folder = source.data.appending(path: "tenants")
        let there = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return there.filter(Tenant.isName)
    }

    /// The model of a tenant.
    ///
    /// - Parameter isKnown: whether a token vouches for the tenant, whose log is then begun where
    ///   there is none; nil comes back for others that have none.
    nonisolated func find(_ name: String?, isKnown: Bool) async throws -> Tenant? {
        guard let name else { return own }
        if let tenant = opened.withLock({ $0[name] }) { return tenant }
        return isKnown && isThere(name) ? try await tenant(name) : nil
    }

    /// Whether a tenant has a log, or may be given one: a follower waits until its writer has it.
    private nonisolated func isThere(_ name: String) -> Bool {
        !source.isReadOnly || EditableModel.isSaved(in: place(of: name))
    }

    private nonisolated func place(of name: String) -> URL {
        source.data.appending(path: "tenants").appending(path: name)
    }

    private func tenant(_ name: String) async throws -> Tenant {
        if let tenant = opened.withLock({ $0[name] }) { return tenant }
        guard Tenant.isName(name) else {
            throw ServerError(
                "expected a tenant's name of 1 to 64 letters, digits, - and _, got “\(name)”.")
        }
        if let task = opening[name] { return try await task.value }
        let (place, source, base) = (place(of: name), source, own.versions.current)
        let task = Task<Tenant, any Error> {
            Tenant(name: name, model: try await Self.opened(at: place, source, sharing: base))
        }
        opening[name] = task
        // What failed may be tried again.
        defer { opening[name] = nil }
        let tenant = try await task.value
        opened.withLock { $0[name] = tenant }
        return tenant
    }

    private static func opened(
        at place: URL, _ source: Source, sharing other: ServedVersion?
    ) async throws -> EditableModel {
        if !EditableModel.isSaved(in: place) {
            guard !source.isReadOnly else {
                throw ServerError(
                    "expected an edited model in \(place.path) to follow, got none; start the server "
                        + "that writes it first.")
            }
            let fresh = try EditableModel(
                opening: source.base, options: source.options, editor: source.editor,
                sharingBaseOf: other)
            try await fresh.save(to: place)
        }
        let model = try EditableModel(
            opening: place, options: source.options, sharingBaseOf: other)
        if !source.isReadOnly { try await model.prepareToWrite() }
        return model
    }
}
