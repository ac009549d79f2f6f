import Edits
import Errata
import Foundation

/// What the server counts and measures.
final class Meters: Sendable {
    private let series = TimeSeries()

    private static let help = [
        "errata_http_requests_total": "Requests that were answered, by route and status.",
        "errata_http_request_seconds":
            "Seconds from a request to the head of its answer, by route.",
        "errata_first_token_seconds": "Seconds from a request to the first piece of its answer.",
        "errata_tokens_total": "Tokens read (prompt) and written (completion).",
        "errata_answers_total": "Prompts by what answered: edited or deferred, and by which tier.",
        "errata_answers_failed_total": "Answers that did not come to their end.",
        "errata_edits_total": "Edits by what came of them.",
        "errata_edit_seconds": "Seconds from the request of edits until they were live.",
        "errata_queue_waiting": "Requests that wait for the engine.",
        "errata_engine_rows": "Continuations that grow now.",
        "errata_engine_steps_total":
            "Steps of the engine, each of one token for every continuation.",
        "errata_engine_tokens_total": "Tokens that these steps gave.",
        "errata_version": "The current version, by tenant.",
        "errata_follow_lag_seconds":
            "Seconds since this follower last had all that its writer had; -1 before it did.",
        "errata_follow_failures_total": "How often a follower could not take in what there was.",
        "errata_resident_bytes": "Memory that the process holds.",
    ]

    func answered(route: String, status: Int, after duration: Duration) {
        series.add(
            1, to: "errata_http_requests_total", [("route", route), ("status", "\(status)")])
        series.record(duration, in: "errata_http_request_seconds", [("route", route)])
    }

    func firstToken(after duration: Duration) {
        series.record(duration, in: "errata_first_token_seconds")
    }

    func answered(_ traces: [RouteTrace], usage: Usage, isFailed: Bool) {
        for trace in traces {
            series.add(
                1, to: "errata_answers_total",
                [("decision", trace.decision.rawValue), ("tier", trace.tier?.rawValue ?? "base")])
        }
        series.add(usage.prompt, to: "errata_tokens_total", [("kind", "prompt")])
        series.add(usage.completion, to: "errata_tokens_total", [("kind", "completion")])
        if isFailed { series.add(1, to: "errata_answers_failed_total") }
    }

    /// Takes note of what came of some edits.
    func applied(_ count: Int, _ outcome: String) {
        series.add(count, to: "errata_edits_total", [("outcome", outcome)])
    }

    /// Takes note of how long edits took until they were live.
    func landed(after duration: Duration) { series.record(duration, in: "errata_edit_seconds") }

    /// Takes note of how things stand.
    func look(at load: ServingLoad, _ tenants: Tenants) {
        series.set("errata_queue_waiting", to: load.waiting)
        series.set("errata_engine_rows", to: load.rows)
        series.count("errata_engine_steps_total", upTo: load.steps)
        series.count("errata_engine_tokens_total", upTo: load.tokens)
        for (name, model) in tenants.all {
            series.set(
                "errata_version", to: model.versions.current.number, [("tenant", name ?? "")])
        }
        if let bytes = Self.residentBytes { series.set("errata_resident_bytes", to: bytes) }
    }

    func look(at standing: Follower.Standing) {
        series.set(
            "errata_follow_lag_seconds", to: standing.lag.map { Int($0.rounded()) } ?? -1)
        series.count("errata_follow_failures_total", upTo: standing.failures)
    }

    /// Everything as Prometheus reads it.
    var text: String { series.text(help: Self.help) }

    /// What Linux says of this process; nil elsewhere.
    private static var residentBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * 4096
    }
}
