import Edits
import Errata

extension EditServer {
    /// Lets the server's own model answer prompts before anybody asks, and counts them as if somebody
    /// had: so that a demonstration has something to show.
    package func rehearse(_ prompts: [String], maximumTokens: Int = 8) async throws {
        for prompt in prompts {
            let version = service.tenants.own.versions.current
            var request = GenerationRequest(version.tokens(of: prompt), version: version)
            request.maximumTokens = maximumTokens
            request.deadline = service.deadline
            let start = ContinuousClock.now
            var (traces, first): ([RouteTrace], Duration?) = ([], nil)
            var usage = Usage(prompt: request.prompt.count)
            for try await event in try service.engine.submit(request) {
                switch event {
                case .began(let trace, _): traces.append(trace)
                case .grew: first = first ?? .now - start
                case .ended(_, _, let tokens): usage.completion += tokens
                }
            }
            let times = Traffic.Times(
                first: first.map { $0 / .seconds(1) }, whole: (.now - start) / .seconds(1))
            service.meters.answered(traces, usage: usage, isFailed: false)
            service.traffic.note(traces, times: times, tenant: nil)
        }
    }
}
