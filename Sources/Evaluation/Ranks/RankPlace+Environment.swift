extension RankPlace {
    /// The place that a launcher wrote into the environment: torchrun (RANK, WORLD_SIZE, MASTER_ADDR,
    /// MASTER_PORT), or Slurm (SLURM_PROCID and SLURM_NTASKS of srun, or SLURM_ARRAY_TASK_ID and its
    /// like of an array, with MASTER_ADDR and MASTER_PORT set by the user). torchrun goes first, for
    /// it may run inside a job of Slurm's.
    ///
    /// - Returns: nil where no launcher says so, or where there is only one process.
    /// - Throws: `EvaluationError` for variables that are missing or make no sense.
    package init?(environment: [String: String]) throws {
        let variables = LauncherVariables(values: environment)
        guard
            let (rank, count) = try variables.torchrunRank() ?? variables.arrayRank()
                ?? variables.slurmRank(), count > 1
        else { return nil }
        self.init(
            rank: rank, count: count, address: try variables.address(), port: try variables.port(),
            isStoreHosted: environment["TORCHELASTIC_USE_AGENT_STORE"] == "True",
            prefix: variables.prefix())
    }
}

/// What launchers say, read with care.
private struct LauncherVariables {
    let values: [String: String]

    typealias Rank = (rank: Int, count: Int)

    func torchrunRank() throws -> Rank? {
        guard values["RANK"] != nil || values["WORLD_SIZE"] != nil else { return nil }
        return try checked(
            number("RANK", beside: "WORLD_SIZE"), of: number("WORLD_SIZE", beside: "RANK"),
            as: "RANK", "WORLD_SIZE")
    }

    /// SLURM_NTASKS alone stands in each shell of an allocation, which is no rank.
    func slurmRank() throws -> Rank? {
        guard values["SLURM_PROCID"] != nil else { return nil }
        return try checked(
            number("SLURM_PROCID", beside: "SLURM_NTASKS"),
            of: number("SLURM_NTASKS", beside: "SLURM_PROCID"), as: "SLURM_PROCID", "SLURM_NTASKS")
    }

    func arrayRank() throws -> Rank? {
        let names = ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"]
        guard values[names[0]] != nil else { return nil }
        let id = try number(names[0], beside: names[1])
        let count = try number(names[1], beside: names[0])
        let first = try number(names[2], beside: names[0])
        let step =
            try values["SLURM_ARRAY_TASK_STEP"] == nil
            ? 1 : max(1, number("SLURM_ARRAY_TASK_STEP", beside: names[0]))
        guard count > 1 else { return try slurmRank() }
        if let tasks = try slurmRank(), tasks.count > 1 {
            throw EvaluationError(
                "expected an array of Slurm's or several tasks of one job, got both (\(names[1])="
                    + "\(count), SLURM_NTASKS=\(tasks.count)); start the array with --ntasks=1.")
        }
        return try checked((id - first) / step, of: count, as: names[0], names[1])
    }

    func address() throws -> String {
        guard let address = values["MASTER_ADDR"], !address.isEmpty else {
            throw missing("MASTER_ADDR", "the host of rank 0")
        }
        return address
    }

    func port() throws -> Int {
        guard let text = values["MASTER_PORT"] else {
            throw missing("MASTER_PORT", "a free port of rank 0's host")
        }
        guard let port = Int(text), 1...65535 ~= port else {
            throw EvaluationError(
                "expected MASTER_PORT to be a port from 1 to 65535, got \"\(text)\"; set it to a "
                    + "free port of rank 0's host.")
        }
        return port
    }

    /// A store of rank 0's own starts empty; torchrun's lives through restarts.
    func prefix() -> String {
        "errata/\(values["TORCHELASTIC_RUN_ID"] ?? "run")/"
            + (values["TORCHELASTIC_RESTART_COUNT"] ?? "0")
    }

    private func number(_ name: String, beside other: String) throws -> Int {
        guard let text = values[name] else {
            throw EvaluationError(
                "expected \(name) beside \(other), got \(other) alone; let the launcher set both, or "
                    + "unset \(other) to run as one process.")
        }
        guard let number = Int(text), number >= 0 else {
            throw EvaluationError(
                "expected \(name) to be a whole number from 0 on, got \"\(text)\"; let the launcher "
                    + "set it, or unset it to run as one process.")
        }
        return number
    }

    private func checked(
        _ rank: Int, of count: Int, as rankName: String, _ countName: String
    ) throws -> Rank {
        guard 0..<count ~= rank else {
            throw EvaluationError(
                "expected rank 0 to \(count - 1), as \(countName)=\(count) says, got \(rank) from "
                    + "\(rankName)=\(values[rankName] ?? ""); number the ranks without gaps.")
        }
        return (rank, count)
    }

    private func missing(_ name: String, _ meaning: String) -> EvaluationError {
        EvaluationError(
            "expected \(name) beside the launcher's rank, got none; set it to \(meaning), or unset "
                + "the launcher's variables to run as one process.")
    }
}
