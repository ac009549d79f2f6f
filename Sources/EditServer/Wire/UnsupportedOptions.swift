import HTTPTypes

/// What clients may send although it cannot be done, as long as it asks for nothing.
enum UnsupportedOptions {
    /// The values of each that ask for nothing beyond what is done anyway; null is one for all.
    private static let idle: [(key: String, values: [AnyJSON])] = [
        ("frequency_penalty", [.number(0)]), ("presence_penalty", [.number(0)]),
        ("repetition_penalty", [.number(1)]), ("top_k", [.number(0), .number(-1)]),
        ("min_p", [.number(0)]), ("logit_bias", [.object(isEmpty: true)]),
        ("suffix", [.text("")]), ("tools", [.list([])]), ("functions", [.list([])]),
        ("tool_choice", [.text("none"), .text("auto")]),
        ("function_call", [.text("none"), .text("auto")]),
        ("modalities", [.list([]), .list([.text("text")])]),
        ("reasoning_effort", [.text("none")]), ("audio", []), ("prediction", []),
        // An empty one asks for a search as it comes.
        ("web_search_options", []),
    ]

    /// - Throws: `APIError` for the first in a body that asks for something.
    static func refuse(in decoder: any Decoder) throws {
        let sent = try decoder.container(keyedBy: AnyJSON.Key.self)
        for (key, values) in idle {
            let place = AnyJSON.Key(stringValue: key)
            guard let value = try sent.decodeIfPresent(AnyJSON.self, forKey: place),
                !values.contains(value)
            else { continue }
            throw APIError(
                .badRequest, "`\(key)` is not supported here; leave it out.", param: key,
                code: "unsupported_parameter")
        }
    }
}
