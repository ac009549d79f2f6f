import Foundation
import Torch

/// What the ranks of a run tell each other, as keys of the store.
///
/// Everyone who joins becomes a member with a number of his own, so that a rank that was started
/// again is not taken for the one that died. Rank 0 is member 0.
struct WorkBoard: Sendable {
    let store: KeyValueStore
    let prefix: String

    /// The store's host and port.
    var whereabouts: String { "\(store.host):\(store.port)" }

    private func key(_ parts: Any...) -> String {
        prefix + parts.map { "/\($0)" }.joined()
    }

    // MARK: The plan

    /// Notes that rank 0 has started, and returns how often it has under this prefix.
    func start() throws -> Int { try store.add(1, to: key("starts")) }

    func setPlan(_ plan: String) throws { try store.set(Data(plan.utf8), for: key("plan")) }

    func plan(waitingSeconds: Double) throws -> String {
        String(decoding: try store.get(key("plan"), waitingSeconds: waitingSeconds), as: UTF8.self)
    }

    // MARK: Members

    func join() throws -> Int {
        let member = try store.add(1, to: key("members"))
        try noteNews()
        return member
    }

    /// How many have joined, without rank 0.
    func memberCount() throws -> Int { try store.add(0, to: key("members")) }

    func beat(_ member: Int) throws { try store.add(1, to: key("beats", member)) }

    func beats(of member: Int) throws -> Int { try store.add(0, to: key("beats", member)) }

    func leave(_ member: Int) throws {
        try store.set(Data(), for: key("left", member))
        try noteNews()
    }

    func hasLeft(_ member: Int) throws -> Bool { try store.contains(key("left", member)) }

    /// A number that grows with everything that rank 0 should look at.
    func news() throws -> Int { try store.add(0, to: key("news")) }

    private func noteNews() throws { try store.add(1, to: key("news")) }

    // MARK: The queue: each position names a job and is claimed once

    func publish(job: Int, at position: Int) throws {
        try store.set(Data("\(job)".utf8), for: key("queue", position))
    }

    /// The job at `position`; nil where the queue ends.
    func job(at position: Int) throws -> Int? { try number(key("queue", position)) }

    /// Claims `position` for `member`, and returns whether it was free.
    func claim(_ position: Int, for member: Int) throws -> Bool {
        let claim = Data("\(member)".utf8)
        return try store.compareSet(key("claim", position), expected: Data(), desired: claim)
            == claim
    }

    /// Who claimed `position`; nil where it is free.
    func claimant(of position: Int) throws -> Int? { try number(key("claim", position)) }

    private func number(_ key: String) throws -> Int? {
        try store.value(key).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    // MARK: Letters, numbered by their senders

    /// Sends what came of a job, in parts that the store takes; the letter itself goes last.
    func post(_ letter: Letter, _ contents: Data, from member: Int, number: Int) throws {
        for (part, start) in Letter.starts(contents.count).enumerated() {
            let end = min(start + Letter.partSize, contents.count)
            let range = contents.startIndex + start..<contents.startIndex + end
            try store.set(contents[range], for: key("mail", member, number, part))
        }
        try store.set(JSONEncoder().encode(letter), for: key("mail", member, number))
        try noteNews()
    }

    /// Letter `number` of `member`; nil where it has not come.
    func letter(from member: Int, number: Int) throws -> Letter? {
        try store.value(key("mail", member, number)).map {
            try JSONDecoder().decode(Letter.self, from: $0)
        }
    }

    /// What a letter brought, which the store then forgets.
    func takeContents(of letter: Letter, from member: Int, number: Int) throws -> Data {
        var contents = Data(capacity: letter.byteCount)
        for part in Letter.starts(letter.byteCount).indices {
            let key = key("mail", member, number, part)
            contents += try store.get(key, waitingSeconds: 1)
            try store.delete(key)
        }
        return contents
    }

    // MARK: The end

    func finish(_ ending: Ending) throws {
        try store.set(JSONEncoder().encode(ending), for: key("end"))
    }

    func ending() throws -> Ending? {
        try store.value(key("end")).map { try JSONDecoder().decode(Ending.self, from: $0) }
    }
}

/// What came of the job at one position.
struct Letter: Codable {
    /// Half of what the store takes at once.
    static let partSize = KeyValueStore.largestValue / 2

    var position: Int
    var byteCount: Int
    /// The job's own sentence, where it failed.
    var failure: String?

    /// Where the parts of `byteCount` bytes start.
    static func starts(_ byteCount: Int) -> [Int] {
        Array(stride(from: 0, to: byteCount, by: partSize))
    }
}
