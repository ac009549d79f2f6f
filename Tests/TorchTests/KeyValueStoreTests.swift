import Foundation
import Testing
import Torch

/// Two clients of one server on this machine; every wait has an end.
@Suite struct KeyValueStoreTests {
    private let server: KeyValueStore
    private let client: KeyValueStore

    init() throws {
        server = try Self.open(isServer: true)
        client = try Self.open(port: server.port)
    }

    private static func open(
        port: Int = 0, isServer: Bool = false, connectingSeconds: Double = 30
    ) throws -> KeyValueStore {
        try KeyValueStore(
            host: "127.0.0.1", port: port, isServer: isServer,
            connectingSeconds: connectingSeconds, timeoutSeconds: 30)
    }

    /// The seconds that `body` takes to throw, and its sentence.
    private func failure(
        location: SourceLocation = #_sourceLocation, _ body: () throws -> Any
    ) -> (seconds: Double, sentence: String) {
        let start = ContinuousClock.now
        let error = #expect(throws: TorchError.self, sourceLocation: location) { _ = try body() }
        return ((ContinuousClock.now - start) / .seconds(1), error?.message ?? "")
    }

    @Test func theSystemChoosesThePort() { #expect(server.port > 0) }

    @Test(arguments: [Data(), Data([0, 1, 0, 255]), Data(count: KeyValueStore.largestValue)])
    func oneClientReadsWhatAnotherSet(value: Data) throws {
        try client.set(value, for: "key")
        #expect(try server.get("key", waitingSeconds: 1) == value)
        #expect(try server.value("key") == value)
        #expect(try server.contains("key"))
    }

    @Test func aKeyThatNobodySetIsNotThere() throws {
        #expect(try client.value("nothing") == nil)
        #expect(try !client.contains("nothing"))
    }

    @Test func aDeletedKeyIsGone() throws {
        try server.set(Data([1]), for: "key")
        #expect(try client.delete("key"))
        #expect(try !client.delete("key"))
        #expect(try !server.contains("key"))
    }

    @Test func bothAddToOneNumber() throws {
        #expect(try client.add(2, to: "count") == 2)
        #expect(try server.add(-5, to: "count") == -3)
        #expect(try client.add(0, to: "count") == -3)
    }

    @Test func theFirstToCompareWins() throws {
        let (mine, yours) = (Data("mine".utf8), Data("yours".utf8))
        #expect(try client.compareSet("key", expected: Data(), desired: mine) == mine)
        #expect(try server.compareSet("key", expected: Data(), desired: yours) == mine)
        #expect(try server.compareSet("key", expected: mine, desired: yours) == yours)
        #expect(try client.compareSet("none", expected: mine, desired: yours) == mine)
        #expect(try !client.contains("none"))
    }

    @Test func aKeyThatDoesNotComeIsWaitedForNoLonger() throws {
        let (seconds, sentence) = failure { try client.get("never", waitingSeconds: 0.5) }
        #expect(0.4..<10 ~= seconds)
        #expect(sentence.contains("never"))
        #expect(try client.add(1, to: "still usable") == 1)
    }

    @Test func aKeyThatComesLaterIsWaitedFor() throws {
        Thread.detachNewThread { [server] in
            Thread.sleep(forTimeInterval: 0.3)
            try? server.set(Data([7]), for: "late")
        }
        #expect(try client.get("late", waitingSeconds: 30) == Data([7]))
    }

    @Test func aValueThatIsTooLargeIsRefusedWithItsSize() throws {
        let value = Data(count: KeyValueStore.largestValue + 1)
        let (_, sentence) = failure { try client.set(value, for: "key") }
        #expect(sentence.contains("at most 8388608 bytes, got 8388609; send it in parts"))
        #expect(try client.add(1, to: "still usable") == 1)
    }

    @Test func aServerThatEndedIsNoticedAtOnce() throws {
        var short: KeyValueStore? = try Self.open(isServer: true)
        let client = try Self.open(port: short!.port)
        try client.set(Data([1]), for: "key")
        short = nil
        #expect(failure { try client.add(1, to: "count") }.seconds < 10)
    }

    @Test func aPortWithoutServerIsGivenUp() throws {
        var short: KeyValueStore? = try Self.open(isServer: true)
        let port = short!.port
        short = nil
        #expect(failure { try Self.open(port: port, connectingSeconds: 0.5) }.seconds < 10)
    }

    @Test func aTakenPortIsSaid() throws {
        let (_, sentence) = failure { try Self.open(port: server.port, isServer: true) }
        #expect(sentence.contains("address already in use"))
    }

    @Test func aServerThatNeverAnswersIsGivenUp() throws {
        let silent = try SilentServer()
        let (seconds, sentence) = failure {
            try Self.open(port: silent.port, connectingSeconds: 0.5)
        }
        #expect(seconds < 10)
        #expect(sentence.contains("expected an answer of the store"))
    }

    @Test func aPortOutOfRangeIsRefused() {
        #expect(failure { try Self.open(port: 0) }.sentence.contains("from 1 to 65535, got 0"))
    }
}

/// A socket that takes connections and says nothing.
private final class SilentServer {
    private let descriptor: Int32
    let port: Int

    init() throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + listen(descriptor, 5)
                    + getsockname(descriptor, $0, &length)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(status == 0)
    }

    deinit { close(descriptor) }
}
