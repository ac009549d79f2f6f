import Foundation

/// `results_<date>.json`, key for key as the harness's own tracker writes it.
extension HarnessRun {
    /// Everything but the answers.
    var results: PythonJSON {
        get throws {
            .object(figures + (try environment) + identity)
        }
    }

    private typealias Members = [PythonJSON.Member]

    private var figures: Members {
        let groups: Members = group.map { [($0.name, results(of: $0))] } ?? []
        var members: Members = [
            ("results", .object(tasks.map { ($0.name, Self.results(of: $0)) } + groups))
        ]
        if !groups.isEmpty { members.append(("groups", .object(groups))) }
        members += [
            ("group_subtasks", .object(groups.map { ($0.0, .texts(tasks.map(\.name))) })),
            ("configs", each(\.configuration)), ("versions", named(.integer(1))),
            ("n-shot", named(.integer(0))), ("higher_is_better", directions),
            ("n-samples", each(Self.counts)),
        ]
        return members
    }

    private var environment: Members {
        get throws {
            let date = try? Date(manifest.date, strategy: .iso8601)
            let computed = "\(manifest.device), \(manifest.dtype), \(manifest.threads) threads"
            return [
                ("config", configuration), ("git_hash", nil),
                ("date", PythonJSON(date) { .real($0.timeIntervalSince1970) }),
                ("pretty_env_info", .text("\(computed); \(manifest.processor)")),
                // Neither of the two computed anything here.
                ("transformers_version", "N/A"), ("lm_eval_version", "N/A"),
                ("upper_git_hash", nil),
                // Errata's own manifest, so that a folder that is passed on alone can be repeated.
                ("errata_manifest", try PythonJSON(encoding: manifest)),
            ]
        }
    }

    private var configuration: PythonJSON {
        let seed = PythonJSON(manifest.seeds.first) { .integer($0) }
        return [
            "model": "errata", "model_args": modelArguments, "model_dtype": .text(manifest.dtype),
            "model_sha": .text(manifest.modelDigest), "batch_size": nil, "batch_sizes": [],
            "device": .text(manifest.device), "use_cache": nil, "limit": limit,
            "bootstrap_iters": nil, "gen_kwargs": nil, "random_seed": seed, "numpy_seed": nil,
            "torch_seed": seed, "fewshot_seed": nil,
        ]
    }

    private var identity: Members {
        [
            ("task_hashes", each { .text($0.digest) }), ("model_source", "errata"),
            ("model_name", .text(model)), ("model_name_sanitized", .text(folder)),
            ("system_instruction", nil), ("system_instruction_sha", nil),
            ("fewshot_as_multiturn", .bool(false)), ("chat_template", nil),
            ("chat_template_sha", nil),
            // A run that was stopped and went on has no one time.
            ("total_evaluation_time_seconds", nil),
        ]
    }

    private var modelArguments: PythonJSON {
        ["pretrained": .text(model), "base": .text(manifest.model), "dtype": .text(manifest.dtype)]
    }

    /// Records of each task that were asked at most, where the run had a limit.
    private var limit: PythonJSON {
        guard case .object(let config) = manifest.configs["retention"],
            case .number(let limit) = config["limit"]
        else { return nil }
        return .integer(Int(limit))
    }

    private var directions: PythonJSON {
        var members: Members = tasks.map { task in
            let metrics = task.metrics.map { metric -> PythonJSON.Member in
                (metric.rawValue, .bool(!task.lowerIsBetter.contains(metric)))
            }
            return (task.name, .object(metrics))
        }
        if let group {
            // The harness hands every direction on to the group, averaged there or not.
            let metrics = HarnessMetric.allCases.filter { metric in
                tasks.contains { $0.metrics.contains(metric) }
            }
            members.append((group.name, .object(metrics.map { ($0.rawValue, .bool(true)) })))
        }
        return .object(members)
    }

    private func each(_ value: (HarnessTask) -> PythonJSON) -> PythonJSON {
        .object(tasks.map { ($0.name, value($0)) })
    }

    /// The same for every task and the group.
    private func named(_ value: PythonJSON) -> PythonJSON {
        let names = tasks.map(\.name) + [group?.name].compactMap(\.self)
        return .object(names.map { ($0, value) })
    }

    private static func counts(_ task: HarnessTask) -> PythonJSON {
        ["original": .integer(task.documents), "effective": .integer(task.asked)]
    }

    private static func results(of task: HarnessTask) -> PythonJSON {
        results(task.name, task.alias, task.asked, task.figures)
    }

    private func results(of group: HarnessGroup) -> PythonJSON {
        let asked = tasks.reduce(0) { $0 + $1.asked }
        return Self.results(group.name, group.alias, asked, group.figures(of: tasks))
    }

    private static func results(
        _ name: String, _ alias: String, _ asked: Int, _ figures: [HarnessTask.Figure]
    ) -> PythonJSON {
        var members: Members = [
            ("name", .text(name)), ("alias", .text(alias)), ("sample_len", .integer(asked)),
        ]
        for figure in figures {
            let (metric, filter) = (figure.metric.rawValue, figure.filter)
            let error = figure.standardError.map { PythonJSON.real($0) } ?? "N/A"
            members.append(("\(metric),\(filter)", .real(figure.value)))
            members.append(("\(metric)_stderr,\(filter)", error))
        }
        return .object(members)
    }
}

extension PythonJSON {
    /// What `value` encodes to.
    fileprivate init(encoding value: some Encodable) throws {
        self = try JSONDecoder().decode(PythonJSON.self, from: JSONEncoder().encode(value))
    }
}
