import Edits
import Errata
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Keeps account of one answer: tokens, times, and what was decided. What it costs is charged where
/// it comes into being, in `converse`.
struct Account: Sendable {
    private let service: EditService
    private let caller: Caller
    private let start: ContinuousClock.Instant
    private let prompts: Int
    private let choices: Int
    private var traces: [RouteTrace] = []
    private var ended = 0
    /// How long the first piece took.
    private var first: Duration?
    private(set) var usage = Usage()

    fileprivate init(
        _ service: EditService, _ context: ServerContext, _ requests: [GenerationRequest]
    ) {
        self.service = service
        caller = context.caller
        start = context.start
        prompts = requests.count
        choices = requests.reduce(0) { $0 + $1.choices }
        usage.prompt = requests.reduce(0) { $0 + $1.prompt.count }
    }

    /// Whether everything came that was asked for.
    var hasEnded: Bool { ended == choices }

    /// - Throws: `CancellationError` where something is missing, since the client has gone.
    func requireEnd() throws {
        if !hasEnded { throw CancellationError() }
    }

    mutating func note(_ event: GenerationEvent) {
        if case .began(let trace, _) = event {
            traces.append(trace)
            return
        }
        if first == nil {
            first = .now - start
            service.meters.firstToken(after: .now - start)
        }
        if case .ended(_, _, let tokens) = event {
            ended += 1
            usage.completion += tokens
        }
    }

    /// Takes note of what was done, and for whom.
    func close(failing: Bool) {
        service.meters.answered(traces, usage: usage, isFailed: failing)
        guard !failing else { return }
        let times = Traffic.Times(
            first: first.map { $0 / .seconds(1) }, whole: (.now - start) / .seconds(1))
        service.traffic.note(traces, times: times, tenant: caller.tenant)
    }

    /// The trace of the only prompt there is, for whoever looks at headers.
    func headers(of conversation: Conversation) -> HTTPFields {
        guard prompts == 1, case .began(var trace, _) = conversation.first.event else { return [:] }
        // Logs may have longer names than come over HTTP, and clients refuse long headers.
        trace.nearestEdit = trace.nearestEdit.map {
            String($0.unicodeScalars.prefix(EditService.longestName))
        }
        guard let data = try? JSONEncoder().encode(trace) else { return [:] }
        return [.errataTrace: String(decoding: data, as: UTF8.self).asciiJSON]
    }
}

extension EditService {
    func account(for context: ServerContext, _ requests: [GenerationRequest]) -> Account {
        Account(self, context, requests)
    }
}

extension HTTPField.Name {
    /// Why an answer is as it is, as JSON in ASCII.
    static let errataTrace = HTTPField.Name("Errata-Trace")!
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    static let errataTenant = HTTPField.Name("Errata-Tenant")!
}

extension String {
    /// JSON text in ASCII alone, as headers want it.
    fileprivate var asciiJSON: String {
        utf16.reduce(into: "") { text, unit in
            if unit < 0x7F, let scalar = Unicode.Scalar(unit) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u" + String(format: "%04x", unit)
            }
        }
    }
}
