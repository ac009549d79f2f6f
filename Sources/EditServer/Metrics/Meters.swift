import Edits
import Errata
import Foundation
import Metrics

/// What the server counts and measures.
final class Meters: Sendable {
    private let factory = PrometheusFactory()

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
        count("errata_http_requests_total", [("route", route), ("status", "\(status)")])
        timer("errata_http_request_seconds", [("route", route)], duration)
    }

    func firstToken(after duration: Duration) { timer("errata_first_token_seconds", [], duration) }

    func answered(_ traces: [RouteTrace], usage: Usage, isFailed: Bool) {
        for trace in traces {
            count(
                "errata_answers_total",
                [("decision", trace.decision.rawValue), ("tier", trace.tier?.rawValue ?? "base")])
        }
        count("errata_tokens_total", [("kind", "prompt")], by: usage.prompt)
        count("errata_tokens_total", [("kind", "completion")], by: usage.completion)
        if isFailed { count("errata_answers_failed_total", []) }
    }

    func applied(_ count: Int, _ outcome: String, after duration: Duration?) {
        self.count("errata_edits_total", [("outcome", outcome)], by: count)
        if let duration { timer("errata_edit_seconds", [], duration) }
    }

    /// Takes note of how things stand.
    func look(at load: ServingLoad, _ tenants: Tenants) {
        gauge("errata_queue_waiting", load.waiting)
        gauge("errata_engine_rows", load.rows)
        // These count themselves; a gauge of the same number is set, not added to.
        total("errata_engine_steps_total", load.steps)
        total("errata_engine_tokens_total", load.tokens)
        for (name, model) in tenants.all {
            gauge(
                "errata_version", model.versions.current.number, [("tenant", name ?? "")])
        }
        if let bytes = Self.residentBytes { gauge("errata_resident_bytes", bytes) }
    }

    func look(at standing: Follower.Standing) {
        gauge("errata_follow_lag_seconds", standing.lag.map { Int($0.rounded()) } ?? -1)
        total("errata_follow_failures_total", standing.failures)
    }

    /// Everything as Prometheus reads it.
    var text: String { factory.text(help: Self.help) }

    private func count(_ label: String, _ dimensions: [(String, String)], by amount: Int = 1) {
        factory.makeCounter(label: label, dimensions: dimensions).increment(by: Int64(amount))
    }

    private func timer(_ label: String, _ dimensions: [(String, String)], _ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        factory.makeTimer(label: label, dimensions: dimensions)
            .recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    private func gauge(_ label: String, _ value: Int, _ dimensions: [(String, String)] = []) {
        factory.makeMeter(label: label, dimensions: dimensions).set(Int64(value))
    }

    private func total(_ label: String, _ value: Int) {
        let tally = factory.makeCounter(label: label, dimensions: [])
        tally.reset()
        tally.increment(by: Int64(value))
    }

    /// What Linux says of this process; nil elsewhere.
    private static var residentBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * 4096
    }
}
