/// What a stream is going to take, from a handful of its edits.
package struct StreamCost: Codable, Sendable, Equatable {
    /// The stream's name.
    package var stream: String
    /// Edits to teach.
    package var edits: Int
    /// Optimiser steps for all of them; absent where nothing is trained.
    package var steps: Int?
    /// Prompts to ask, those of general tasks included.
    package var prompts: Int
    /// Seconds for everything.
    package var seconds: Double
    /// The most memory the process will hold, that of a card aside.
    package var bytes: Int
}

extension Lab {
    /// Edits that are taught to see what one takes.
    private static let sample = 4

    /// What each of `streams` will take: a few edits of every method and recipe are taught, and
    /// their prompts asked.
    package func costs(
        of streams: [EditStream], onProgress: @Sendable (Int) throws -> Void = { _ in }
    ) async throws -> [StreamCost] {
        var rates: [EditStream: Rate] = [:]
        var costs: [StreamCost] = []
        for stream in streams {
            try onProgress(costs.count)
            let key = stream.alike
            let rate: Rate
            if let known = rates[key] { rate = known } else { rate = try await measureRate(stream) }
            rates[key] = rate
            costs.append(try cost(of: stream, at: rate))
        }
        return costs
    }

    private func cost(of stream: EditStream, at rate: Rate) throws -> StreamCost {
        let prompts = try prompts(of: stream, oracle: rate.asksOracle)
        let tasks = (stream.tasks ?? 0) * GeneralTask.allCases.count
        let edits = stream.isEdited ? stream.edits : 0
        return StreamCost(
            stream: stream.name, edits: edits, steps: rate.steps.map { Int($0 * Double(edits)) },
            prompts: prompts + tasks,
            seconds: Double(edits) * rate.secondsPerEdit
                + Double(prompts) * rate.secondsPerPrompt
                // A task's prompt is longer, and both models are asked.
                + Double(tasks) * rate.secondsPerPrompt * 10,
            bytes: rate.bytes + Int(rate.bytesPerEdit * Double(edits)))
    }

    /// How many prompts `stream` asks, those of general tasks aside.
    ///
    /// - Parameter oracle: whether covered prompts are asked once more, of their edit's own expert.
    private func prompts(of stream: EditStream, oracle: Bool) throws -> Int {
        let edits = try data.edits(of: stream)
        let unrelated = data.unrelated(to: edits, of: stream).count
        let probes = edits.enumerated().map { $1.probes(index: $0) }
        let covered = probes.map { $0.count { $0.kind.isCovered } }
        let marks = stream.isEdited ? stream.marks + [stream.edits] : [stream.edits]
        // Everything up to a mark is asked there, with as many unrelated prompts: all at the end.
        let asked = marks.map { mark in
            let own = probes.prefix(mark).joined().count
            let others = mark == stream.edits ? unrelated : min(mark, unrelated)
            return own + others + (oracle ? covered.prefix(mark).reduce(0, +) : 0)
        }
        let right = stream.isEdited && stream.probeEvery != nil ? covered.reduce(0, +) : 0
        return asked.reduce(right, +)
    }

    private func measureRate(_ stream: EditStream) async throws -> Rate {
        var short = stream
        (short.edits, short.marks, short.probeEvery, short.tasks) = (Self.sample, [], nil, nil)
        let start = ContinuousClock.now
        let run = try await teach(short) { _ in }
        let time = (ContinuousClock.now - start).components
        let seconds = Double(time.seconds) + Double(time.attoseconds) * 1e-18
        let edits = Double(max(run.row.edits, 1))
        let learning = (run.row.secondsPerEdit?.mean ?? 0) * Double(run.row.edits)
        let asksOracle = run.row.oracle != nil
        let again = asksOracle ? run.outcomes.count { $0.probe.kind.isCovered } : 0
        let prompts = run.outcomes.count + again
        return Rate(
            secondsPerEdit: learning / edits, steps: run.row.stepsPerEdit?.mean,
            secondsPerPrompt: max(0, seconds - learning) / Double(max(prompts, 1)),
            asksOracle: asksOracle, bytes: peakMemoryBytes(),
            bytesPerEdit: try await growingBytes / edits)
    }

    private struct Rate {
        let secondsPerEdit: Double
        let steps: Double?
        let secondsPerPrompt: Double
        let asksOracle: Bool
        let bytes: Int
        let bytesPerEdit: Double
    }
}

extension EditStream {
    fileprivate var isEdited: Bool { !method.hasPrefix("unedited") }

    /// Streams that are equal so cost the same for each edit.
    fileprivate var alike: EditStream {
        var stream = self
        (stream.edits, stream.marks, stream.probeEvery) = (1, [], nil)
        (stream.tasks, stream.seed, stream.order) = (nil, 1, .file)
        return stream
    }
}
