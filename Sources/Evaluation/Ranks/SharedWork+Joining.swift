import Torch

extension SharedWork {
    /// A connection to the run's store, which rank 0's first one starts where nobody hosts it.
    static func open(
        _ place: RankPlace, _ port: Int, _ times: WorkTimes, isLeader: Bool
    ) throws -> KeyValueStore {
        try KeyValueStore(
            host: place.address, port: port, isServer: isLeader && !place.isStoreHosted,
            connectingSeconds: times.joinSeconds, timeoutSeconds: times.answerSeconds)
    }

    /// Rank 0 says what the plan is, the others see whether it is theirs.
    func agree(on plan: String) throws {
        guard place.rank > 0 else { return try announce(plan) }
        let expected = try board.plan(waitingSeconds: times.joinSeconds)
        guard expected == plan else {
            try board.leave(member)
            throw EvaluationError(
                "expected rank 0's plan \(expected), got \(plan) on rank \(place.rank); start all "
                    + "ranks with the same command.")
        }
    }

    private func announce(_ plan: String) throws {
        guard try board.start() == 1 else {
            throw EvaluationError(
                "expected a store without a run \(place.prefix), got one where rank 0 has been "
                    + "before; start the same command again under another run id.")
        }
        try board.beat(member)
        try board.setPlan(plan)
    }

    /// Why `place` could not join, with what to do.
    static func refusal(
        _ place: RankPlace, _ times: WorkTimes, _ error: TorchError
    ) -> EvaluationError {
        let whereabouts = "\(place.address):\(place.port)"
        guard place.rank > 0 || place.isStoreHosted else {
            return EvaluationError(
                "expected to open a store at \(whereabouts), got \"\(error)\"; set MASTER_ADDR to this "
                    + "host and MASTER_PORT to a free port.")
        }
        return EvaluationError(
            "expected rank 0 at the store \(whereabouts) within \(times.joinSeconds) s, got \"\(error)\"; "
                + "start rank 0 and see that MASTER_ADDR and MASTER_PORT are its own; if it has "
                + "ended, its folder tells what is done.")
    }
}
