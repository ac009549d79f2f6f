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
    /// The most memory the process will hold.
    package var bytes: Int
}

extension Lab {
    /// Edits that are taught to see what one takes.
    private static let sample = 4

    /// What each of `streams` will take: a few edits of every method and recipe are taught, and
    /// their prompts asked.
    ///
    /// - Throws: `EvaluationError` where one will not fit into `free` bytes of memory.
    package func costs(
        of streams: [EditStream], free: Int?, onProgress: @Sendable (Int) throws -> Void = { _ in }
    ) async throws -> [StreamCost] {
        var rates: [EditStream: Rate] = [:]
        var costs: [StreamCost] = []
        for stream in streams {
            try onProgress(costs.count)
            let key = stream.alike
            let rate: Rate
            if let known = rates[key] { rate = known } else { rate = try await measureRate(stream) }
            rates[key] = rate
            let cost = try cost(of: stream, at: rate)
            if let free, cost.bytes > free {
                throw EvaluationError(
                    "Expected \(stream.name) to fit into memory, but it takes about "
                        + "\(cost.bytes >> 20) MB of \(free >> 20) MB; use a larger machine, "
                        + "--dtype bf16, or fewer edits with --edits.")
            }
            costs.append(cost)
        }
        return costs
    }

    private func cost(of stream: EditStream, at rate: Rate) throws -> StreamCost {
        let probes = try data.edits(of: stream).enumerated().map { $1.probes(index: $0).count }
        // Everything up to a mark is asked there, and each covered prompt right after its edit.
        let asked = (stream.marks + [stream.edits]).map { probes.prefix($0).reduce(0, +) }
            .reduce(0, +)
        let right = stream.probeEvery == nil ? 0 : 2 * stream.edits
        let tasks = (stream.tasks ?? 0) * GeneralTask.allCases.count
        let edits = stream.method.hasPrefix("unedited") ? 0 : stream.edits
        return StreamCost(
            stream: stream.name, edits: edits, steps: rate.steps.map { Int($0 * Double(edits)) },
            prompts: asked + right + tasks,
            seconds: Double(edits) * rate.secondsPerEdit
                + Double(asked + right) * rate.secondsPerPrompt
                // A task's prompt is longer, and both models are asked.
                + Double(tasks) * rate.secondsPerPrompt * 10,
            bytes: rate.bytes + Int(rate.bytesPerEdit * Double(edits)))
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
        return Rate(
            secondsPerEdit: learning / edits, steps: run.row.stepsPerEdit?.mean,
            secondsPerPrompt: max(0, seconds - learning) / Double(max(run.outcomes.count, 1)),
            bytes: peakMemoryBytes(), bytesPerEdit: try await growingBytes / edits)
    }

    private struct Rate {
        let secondsPerEdit: Double
        let steps: Double?
        let secondsPerPrompt: Double
        let bytes: Int
        let bytesPerEdit: Double
    }
}

extension EditStream {
    /// Streams that are equal so cost the same for each edit.
    fileprivate var alike: EditStream {
        var stream = self
        (stream.edits, stream.marks, stream.probeEvery) = (1, [], nil)
        (stream.tasks, stream.seed, stream.order) = (nil, 1, .file)
        return stream
    }
}
