import Figures
import Foundation

/// How much was asked lately, how much of it corrections covered, and how long it took.
struct TrafficView {
    let frame: PageFrame
    let traffic: Traffic.Record

    var html: HTML {
        frame.document(
            "Traffic", at: .traffic,
            """
            <h1>Traffic</h1>
            <p class="lead">Of the last hour, since the server began; nothing of what was asked is \
            kept.</p>
            \(traffic.prompts == 0 ? "<p class=\"empty\">Nothing was asked in the last hour.</p>" : content)
            """)
    }

    private var content: HTML {
        let now = Int(Date.now.timeIntervalSince1970 / 60)
        let share = 100 * Double(traffic.deferred) / Double(max(1, traffic.prompts))
        return """
            <dl class="numbers">
            <div><dt>Prompts</dt><dd>\(traffic.prompts)</dd></div>
            <div><dt>Deferred</dt><dd>\(String(format: "%.1f", share)) %</dd></div>
            <div><dt>First token, median</dt><dd>\(seconds(0.5, of: \.first))</dd></div>
            <div><dt>Whole answer, median</dt><dd>\(seconds(0.5, of: \.last))</dd></div>
            <div><dt>Whole answer, 99 of 100</dt><dd>\(seconds(0.99, of: \.last))</dd></div>
            </dl>
            <div class="figures">
            <figure tabindex="0">\(HTML(made: traffic.deferral(now: now).svg(for: .page(id: "deferral"))))</figure>
            <figure tabindex="0">\(HTML(made: traffic.latency.svg(for: .page(id: "latency"))))</figure>
            </div>
            """
    }

    private func seconds(_ share: Double, of time: KeyPath<Traffic.Times, Double?>) -> String {
        guard let seconds = traffic.quantile(share, of: time) else { return "–" }
        return seconds < 1
            ? String(format: "%.0f ms", seconds * 1000) : String(format: "%.1f s", seconds)
    }
}
