import CTorch
package import Foundation

/// Keys and bytes that processes share: a client of c10d's TCPStore, and its server where asked for.
///
/// Safe from any thread. No call waits longer for the server than the store's timeout; where the
/// server's process has ended, calls fail at once. The server listens on all addresses of its
/// machine and asks nobody who he is, as torch's launchers expect: keep it inside a trusted network.
package final class KeyValueStore: @unchecked Sendable {
    /// How many bytes one value may have.
    package static let largestValue = 8 << 20

    /// Where the server is.
    package let host: String
    /// The port the server listens on, also where the system chose it.
    package let port: Int

    // The engine locks each call, which makes the handle safe to share.
    private let handle: OpaquePointer

    /// Connects to the server at `host`.
    ///
    /// - Parameter port: 0 lets the system choose, where `isServer`.
    /// - Parameter isServer: whether to start the server here; it ends with this object.
    /// - Parameter connectingSeconds: how long the server may take to start.
    /// - Parameter timeoutSeconds: how long each later call waits for the server.
    /// - Throws: `TorchError` where nobody answers, or where the port is taken.
    package init(
        host: String, port: Int, isServer: Bool, connectingSeconds: Double, timeoutSeconds: Double
    ) throws {
        guard (isServer ? 0 : 1)...65535 ~= port else {
            throw TorchError("expected a port from 1 to 65535, got \(port); choose a free one.")
        }
        var store: OpaquePointer?
        try check(
            ct_store_open(
                host, Int64(port), isServer, milliseconds(connectingSeconds),
                milliseconds(timeoutSeconds), &store), "open")
        handle = store!
        self.host = host
        self.port = Int(ct_store_port(handle))
    }

    deinit { ct_store_release(handle) }

    /// Sets the value of `key`.
    ///
    /// - Throws: `TorchError` where the server does not answer, and for more than `largestValue`.
    package func set(_ value: Data, for key: String) throws {
        try Self.checkSize(value)
        try value.withUnsafeBytes {
            try check(ct_store_set(handle, key, $0.baseAddress, Int64($0.count)))
        }
    }

    /// The value of `key`, which may come within `waitingSeconds`.
    ///
    /// - Throws: `TorchError` where it does not come, or the server does not answer.
    package func get(_ key: String, waitingSeconds: Double) throws -> Data {
        try Self.taken {
            ct_store_get(handle, key, milliseconds(waitingSeconds), &$0, &$1)
        }
    }

    /// The value of `key`; nil where there is none.
    package func value(_ key: String) throws -> Data? {
        try contains(key) ? get(key, waitingSeconds: 1) : nil
    }

    /// Whether there is such a key.
    package func contains(_ key: String) throws -> Bool {
        var result = false
        try check(ct_store_check(handle, key, &result))
        return result
    }

    /// Adds `amount` to the number at `key`, which starts at 0, and returns the sum.
    @discardableResult
    package func add(_ amount: Int, to key: String) throws -> Int {
        var result: Int64 = 0
        try check(ct_store_add(handle, key, Int64(amount), &result))
        return Int(result)
    }

    /// Sets `desired` where the value is `expected`, all at once, and returns what stands then.
    ///
    /// - Parameter expected: empty stands for no such key. Where there is no key and this is not
    ///   empty, nothing is set and this itself returned.
    package func compareSet(_ key: String, expected: Data, desired: Data) throws -> Data {
        try Self.checkSize(desired)
        return try expected.withUnsafeBytes { old in
            try desired.withUnsafeBytes { fresh in
                try Self.taken {
                    ct_store_compare_set(
                        handle, key, old.baseAddress, Int64(old.count), fresh.baseAddress,
                        Int64(fresh.count), &$0, &$1)
                }
            }
        }
    }

    /// Removes `key`, and returns whether it was there.
    @discardableResult
    package func delete(_ key: String) throws -> Bool {
        var result = false
        try check(ct_store_delete_key(handle, key, &result))
        return result
    }

    /// Runs one engine call that hands out bytes, and owns them.
    private static func taken(
        _ operation: String = #function,
        _ body: (inout UnsafeMutableRawPointer?, inout Int64) -> CTStatus
    ) throws -> Data {
        var (bytes, count): (UnsafeMutableRawPointer?, Int64) = (nil, 0)
        try check(body(&bytes, &count), operation)
        defer { ct_store_release_bytes(bytes) }
        return Data(bytes: bytes!, count: Int(count))
    }

    /// The server hangs up on whoever sends more, which would look like a lost store.
    private static func checkSize(_ value: Data, _ operation: String = #function) throws {
        guard value.count <= largestValue else {
            throw TorchError(
                "\(operation): expected a value of at most \(largestValue) bytes, got "
                    + "\(value.count); send it in parts.")
        }
    }
}

private func milliseconds(_ seconds: Double) -> Int64 { Int64((seconds * 1000).rounded(.up)) }
