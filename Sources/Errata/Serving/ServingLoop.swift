import Editing
import Edits
import LanguageModels
import Torch

/// The engine's own thread: takes requests in and lets all of them grow, step by step.
actor ServingLoop {
    private let thread = EngineThread("errata.serving")
    private let desk: Desk
    private let model: CausalModel
    private var batch: DecodingBatch
    /// What grows, by its lane in the batch.
    private var rows: [Int: ServingRow] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// Tokens of prompts that are read before those that grow get their next token.
    private static let promptBudget = 256

    init(_ desk: Desk, model: CausalModel) {
        self.desk = desk
        self.model = model
        batch = DecodingBatch(model)
    }

    /// Works whenever the bell rings, until it never will again.
    func run(_ calls: AsyncStream<Void>) async {
        try? Engine.setThreads(desk.options.threads)
        for await _ in calls {
            while desk.hasWork {
                withoutGradients { tick() }
                await Task.yield()
            }
        }
        desk.close()
        for row in rows.values { row.group.fail(EngineHasStopped(), at: desk) }
    }

    private func tick() {
        let now = ContinuousClock.now
        for job in desk.withdrawn(at: now) { desk.end(job, throwing: TimeIsUp()) }
        for (lane, row) in rows where row.job.isCancelled || row.job.isLate(at: now) {
            drop(lane, throwing: TimeIsUp())
        }
        var read = 0
        while read < Self.promptBudget,
            let job = desk.next(within: desk.options.maximumRows - rows.count)
        {
            read += job.request.prompt.count
            admit(job)
        }
        if !rows.isEmpty { step() }
        desk.note {
            $0.rows = rows.count
            $0.promptTokens += read
        }
    }

    private func admit(_ job: ServingJob) {
        do {
            let opening = try ServingOpening(job.request)
            job.events.yield(.began(trace: opening.trace, scores: opening.promptScores))
            let group = ServingGroup(job, choices: job.request.choices)
            switch opening.kind {
            case .said(let answer):
                for choice in 0..<job.request.choices { answer.emit(choice, to: job) }
                desk.end(job)
            case .read(let beginning):
                for choice in 0..<job.request.choices {
                    try start(ServingRow(group, choice: choice, model: model), after: beginning)
                }
            }
        } catch {
            for (lane, row) in rows where row.job === job {
                rows[lane] = nil
                batch.leave(lane)
            }
            desk.end(job, throwing: error)
        }
    }

    /// Draws a row's first token, and lets it grow if that does not end it.
    private func start(_ new: ServingRow, after beginning: Beginning) throws {
        var row = new
        let likeliest = try beginning.scores.likeliest()[0]
        try row.grow(beginning.scores, likeliest: likeliest)
        guard !row.hasEnded else { return end(row) }
        let lane = try batch.join(beginning.cache, adaptation: beginning.adaptation)
        rows[lane] = row
    }

    /// One more token for every row.
    private func step() {
        let lanes = rows.keys.sorted()
        let scores: Tensor  // [lanes, V]
        let likeliest: [Int?]
        do {
            let tokens = (0...lanes.last!).map { rows[$0]?.next }
            scores = try batch.step(tokens)
            likeliest = try scores.likeliest()
        } catch {
            // Nobody knows how far the batch came: all its rows fail, and it begins anew.
            for lane in lanes { rows[lane]?.group.fail(error, at: desk) }
            (rows, batch) = ([:], DecodingBatch(model))
            return
        }
        for lane in lanes {
            do {
                let own = try scores.narrowed(dim: 0, start: lane, length: 1)
                try rows[lane]!.grow(own, likeliest: likeliest[lane])
            } catch {
                // What one request was edited with must not end the others.
                drop(lane, throwing: error)
            }
        }
        desk.note {
            $0.steps += 1
            $0.tokens += lanes.count
        }
        for lane in lanes where rows[lane]?.hasEnded == true {
            end(rows.removeValue(forKey: lane)!)
            batch.leave(lane)
        }
    }

    private func end(_ row: ServingRow) {
        if row.group.endOne() { desk.end(row.job) }
    }

    /// Gives up a row that nobody waits for, that is late, or that cannot go on.
    private func drop(_ lane: Int, throwing error: any Error) {
        guard let row = rows.removeValue(forKey: lane) else { return }
        batch.leave(lane)
        row.group.fail(error, at: desk)
    }
}
