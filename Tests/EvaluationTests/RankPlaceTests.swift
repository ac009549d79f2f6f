import Testing

@testable import Evaluation

/// What launchers write into the environment, as a table.
@Suite struct RankPlaceTests {
    private static let master = ["MASTER_ADDR": "node1", "MASTER_PORT": "29500"]
    private static let torchrun = ["RANK": "1", "WORLD_SIZE": "3"]
    private static let tasks = ["SLURM_PROCID": "2", "SLURM_NTASKS": "4"]
    private static let array = [
        "SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "4",
    ]

    private static func with(_ parts: [String: String]...) -> [String: String] {
        parts.reduce(into: [:]) { $0.merge($1) { _, new in new } }
    }

    private static func place(
        _ rank: Int, of count: Int, hosted: Bool = false, prefix: String = "errata/run/0"
    ) -> RankPlace {
        RankPlace(
            rank: rank, count: count, address: "node1", port: 29500, isStoreHosted: hosted,
            prefix: prefix)
    }

    @Test(arguments: [
        (with(torchrun, master), place(1, of: 3)),
        (
            with(
                torchrun, master,
                [
                    "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RUN_ID": "abc",
                    "TORCHELASTIC_RESTART_COUNT": "2",
                ]), place(1, of: 3, hosted: true, prefix: "errata/abc/2")
        ),
        (with(torchrun, master, ["TORCHELASTIC_USE_AGENT_STORE": "False"]), place(1, of: 3)),
        (with(tasks, master), place(2, of: 4)),
        (with(array, master), place(1, of: 3)),
        (
            with(array, master, ["SLURM_ARRAY_TASK_STEP": "2", "SLURM_ARRAY_TASK_ID": "8"]),
            place(2, of: 3)
        ),
        (
            with(array, ["SLURM_PROCID": "0", "SLURM_NTASKS": "1"], master), place(1, of: 3)
        ),
        (with(tasks, torchrun, master), place(1, of: 3)),
    ])
    func aPlaceIsRead(environment: [String: String], expected: RankPlace) throws {
        #expect(try RankPlace(environment: environment) == expected)
    }

    @Test(arguments: [
        [:], master, ["SLURM_NTASKS": "4"], ["RANK": "0", "WORLD_SIZE": "1"],
        ["SLURM_PROCID": "0", "SLURM_NTASKS": "1"],
        with(array, ["SLURM_ARRAY_TASK_COUNT": "1", "SLURM_ARRAY_TASK_ID": "4"]),
    ])
    func aSingleProcessHasNoPlace(environment: [String: String]) throws {
        #expect(try RankPlace(environment: environment) == nil)
    }

    @Test(arguments: [
        (with(["RANK": "1"], master), "expected WORLD_SIZE beside RANK, got RANK alone"),
        (with(["WORLD_SIZE": "2"], master), "expected RANK beside WORLD_SIZE"),
        (with(torchrun, master, ["RANK": "one"]), "from 0 on, got \"one\""),
        (with(torchrun, master, ["RANK": "-1"]), "from 0 on, got \"-1\""),
        (
            with(torchrun, master, ["RANK": "3"]),
            "expected rank 0 to 2, as WORLD_SIZE=3 says, got 3"
        ),
        (with(torchrun, master, ["MASTER_PORT": "0"]), "from 1 to 65535, got \"0\""),
        (with(torchrun, master, ["MASTER_PORT": "x"]), "from 1 to 65535, got \"x\""),
        (with(torchrun, ["MASTER_ADDR": "node1"]), "expected MASTER_PORT"),
        (tasks, "expected MASTER_ADDR beside the launcher's rank, got none; set it to the host"),
        (["SLURM_PROCID": "1"], "expected SLURM_NTASKS beside SLURM_PROCID"),
        (array, "expected MASTER_ADDR"),
        (with(array, master, ["SLURM_ARRAY_TASK_ID": "9"]), "number the ranks without gaps"),
        (with(array, tasks, master), "got both (SLURM_ARRAY_TASK_COUNT=3, SLURM_NTASKS=4)"),
        (["SLURM_ARRAY_TASK_ID": "1"], "expected SLURM_ARRAY_TASK_COUNT"),
    ])
    func whatMakesNoSenseIsSaid(environment: [String: String], part: String) {
        let error = #expect(throws: EvaluationError.self) {
            try RankPlace(environment: environment)
        }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
}
