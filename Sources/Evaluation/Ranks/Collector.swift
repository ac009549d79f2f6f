import Foundation

/// The part of rank 0 that says what is to be done, takes in what comes of it, and gives the work of
/// the dead to others.
struct Collector: Sendable {
    private struct Member {
        var lettersRead = 0
        var watch = Watch()
        var isAbsent = false
    }

    let board: WorkBoard
    let jobs: [String]
    let times: WorkTimes

    /// The job at each position of the queue.
    private var queue: [Int] = []
    /// How much of the queue has not been given back.
    private var publishedCount = 0
    private var unfinished: Set<Int>
    /// Positions whose claimants died, and whose jobs stand in the queue again.
    private var returned: Set<Int> = []
    /// By number; rank 0's own worker is member 0.
    private var members: [Int: Member] = [0: Member()]
    private var isDraining = false
    private var lastNews = -1
    private var lastLook: SuspendingClock.Instant?

    init(_ board: WorkBoard, jobs: [String], done: Set<String>, times: WorkTimes) {
        self.board = board
        self.jobs = jobs
        self.times = times
        unfinished = Set(jobs.indices.filter { !done.contains(jobs[$0]) })
    }

    /// Whether every job has been received.
    var isDone: Bool { unfinished.isEmpty }

    /// How many have joined, besides rank 0.
    var joinedCount: Int { members.count - 1 }

    /// Whether all who joined, besides rank 0, have left or died.
    var isAlone: Bool { members.allSatisfy { $0.key == 0 || $0.value.isAbsent } }

    /// Tells all ranks what is outstanding, in the order of `jobs`.
    mutating func publish() throws {
        for job in unfinished.sorted() { try append(job) }
        publishedCount = queue.count
    }

    /// Takes in what has come since the last look, and looks after the silent.
    mutating func look(_ receive: (String, Data) async throws -> Void) async throws {
        let news = try board.news()
        if news != lastNews {
            lastNews = news
            try noteMembers()
            for member in members.keys.sorted() { try await readMail(of: member, receive) }
        }
        guard lastLook.map({ SuspendingClock.now - $0 >= times.beat }) ?? true else { return }
        lastLook = .now
        for member in members.keys.sorted() where member != 0 {
            try await lookAfter(member, receive)
        }
    }

    /// Takes in what has come of a run that failed: it need not be done again.
    mutating func drain(_ receive: (String, Data) async throws -> Void) async throws {
        isDraining = true
        try noteMembers()
        for member in members.keys.sorted() { try await readMail(of: member, receive) }
    }

    private mutating func append(_ job: Int) throws {
        try board.publish(job: job, at: queue.count)
        queue.append(job)
    }

    private mutating func noteMembers() throws {
        let count = try board.memberCount()
        while members.count <= count { members[members.count] = Member() }
    }

    // MARK: Results

    private mutating func readMail(
        of member: Int, _ receive: (String, Data) async throws -> Void
    ) async throws {
        while !isDone,
            let number = members[member]?.lettersRead,
            let letter = try board.letter(from: member, number: number)
        {
            members[member]?.lettersRead += 1
            let contents = try board.takeContents(of: letter, from: member, number: number)
            try await take(letter, contents, receive)
        }
    }

    /// The first result of a job counts; what a slow rank hands in later is the same once more.
    private mutating func take(
        _ letter: Letter, _ contents: Data, _ receive: (String, Data) async throws -> Void
    ) async throws {
        guard queue.indices.contains(letter.position) else { return }
        let job = queue[letter.position]
        guard unfinished.contains(job) else { return }
        if let failure = letter.failure {
            if isDraining { return }
            throw EvaluationError(failure, isFailure: true)
        }
        try await receive(jobs[job], contents)
        unfinished.remove(job)
        try withdraw(job)
    }

    /// Claims what is free of a job that is done, lest anybody do it again.
    private func withdraw(_ job: Int) throws {
        for position in queue.indices.dropFirst(publishedCount) where queue[position] == job {
            _ = try board.claim(position, for: 0)
        }
    }

    // MARK: The silent

    /// Looks who is there, and at nothing else.
    mutating func lookForOthers() throws {
        try noteMembers()
        for member in members.keys where member != 0 { _ = try notesLoss(of: member) }
    }

    private mutating func lookAfter(
        _ member: Int, _ receive: (String, Data) async throws -> Void
    ) async throws {
        guard try notesLoss(of: member) else { return }
        // Its last letter may have come without a word that it came.
        try await readMail(of: member, receive)
        try giveBack(claimsOf: member)
    }

    /// Notes whether a member is there, and returns whether it was until now and is no more.
    private mutating func notesLoss(of member: Int) throws -> Bool {
        let (beats, hasLeft) = (try board.beats(of: member), try board.hasLeft(member))
        let limit = Duration.seconds(times.heartbeatSeconds)
        let wasAbsent = members[member, default: Member()].isAbsent
        let isSilent = members[member, default: Member()].watch.isSilent(at: beats, for: limit)
        members[member]?.isAbsent = hasLeft || isSilent
        return !wasAbsent && (hasLeft || isSilent)
    }

    private mutating func giveBack(claimsOf member: Int) throws {
        for position in queue.indices where unfinished.contains(queue[position]) {
            guard !returned.contains(position), try board.claimant(of: position) == member else {
                continue
            }
            returned.insert(position)
            try append(queue[position])
        }
    }
}
