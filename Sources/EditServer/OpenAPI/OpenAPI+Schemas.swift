extension OpenAPI {
    static let schemas: [(String, JSON)] =
        asked + told + [
            (
                "Error",
                .schema(
                    [
                        (
                            "error",
                            .schema(
                                [
                                    ("message", .string), ("type", .string),
                                    ("param", .optional("string")), ("code", .optional("string")),
                                    ("report", ["type": "object"]),
                                    ("conflicts", .list(of: ["type": "object"])),
                                ], required: ["message", "type", "param", "code"])
                        )
                    ], required: ["error"])
            ),
            (
                "Status",
                .schema(
                    [
                        ("status", .string), ("version", .string), ("following", .boolean),
                        ("lag_seconds", .number),
                    ], required: ["status"])
            ),
        ]

    /// Bodies of requests.
    private static let asked: [(String, JSON)] = [
        (
            "CompletionRequest",
            .schema(
                [
                    (
                        "prompt",
                        [
                            "anyOf": [
                                .string, strings, tokens,
                                ["type": "array", "items": tokens, "minItems": 1, "maxItems": 128],
                                ["type": "null"],
                            ]
                        ]
                    ),
                    ("max_tokens", .optional("integer", ("minimum", 0), ("maximum", 1_000_000))),
                    ("logprobs", .optional("integer", ("minimum", 0), ("maximum", 20))),
                    ("echo", .optional("boolean")),
                ] + sampling, required: ["model"])
        ),
        (
            "ChatRequest",
            .schema(
                [
                    ("messages", ["type": "array", "items": message, "minItems": 1]),
                    ("max_tokens", .optional("integer", ("minimum", 1), ("maximum", 1_000_000))),
                    (
                        "max_completion_tokens",
                        .optional("integer", ("minimum", 1), ("maximum", 1_000_000))
                    ),
                    ("logprobs", .optional("boolean")),
                    ("top_logprobs", .optional("integer", ("minimum", 0), ("maximum", 20))),
                ] + sampling, required: ["model", "messages"])
        ),
        (
            "ExplainRequest",
            .schema(
                [
                    ("prompt", .string), ("model", .optional("string")),
                    ("max_tokens", .optional("integer", ("minimum", 1), ("maximum", 1_000_000))),
                ], required: ["prompt"])
        ),
        (
            "EditRequest",
            .schema(
                [
                    (
                        "edits",
                        [
                            "type": "array", "items": .reference("Correction"), "minItems": 1,
                            "maxItems": 1024,
                        ]
                    ),
                    ("reason", .optional("string")),
                    ("conflicts", conflicts),
                    ("force", .optional("boolean")),
                ], required: ["edits"], isClosed: true)
        ),
        (
            "ApprovalRequest",
            .schema(
                [
                    ("reason", .optional("string")), ("conflicts", conflicts),
                    ("force", .optional("boolean")),
                ], required: [])
        ),
        ("ReasonRequest", .schema([("reason", .optional("string"))], required: [])),
        (
            "Correction",
            record(id: ["type": "string", "pattern": "^(?!#?[0-9]+$)", "maxLength": 256])
        ),
    ]

    /// An edit as it is sent, and with what the server adds to it.
    private static func record(id: JSON, adding more: [(String, JSON)] = []) -> JSON {
        let fields: [(String, JSON)] = [
            ("id", id), ("prompt", words), ("target", words), ("rephrases", .list(of: .string)),
            ("subject", .string), ("relation", .string), ("formerAnswer", .string),
            ("locality", .list(of: probe)), ("source", .string), ("author", .string),
            ("reason", .string), ("tags", .list(of: .string)), ("validFrom", date),
            ("validUntil", date),
        ]
        return .schema(fields + more, required: ["prompt", "target"], isClosed: true)
    }

    private static let probe: JSON = .schema(
        [
            ("prompt", words), ("answer", .string),
            ("kind", ["type": "string", "enum": ["neighbour", "unrelated"]]),
        ], required: ["prompt"], isClosed: true)

    /// Something to read.
    private static let words: JSON = ["type": "string", "pattern": "\\S"]
    private static let date: JSON = ["type": "string", "format": "date"]
    private static let conflicts: JSON = [
        "type": ["string", "null"], "enum": ["reject", "supersede", "keep-both", .null],
    ]
    private static let strings: JSON = [
        "type": "array", "items": .string, "minItems": 1, "maxItems": 128,
    ]
    private static let tokens: JSON = [
        "type": "array", "items": ["type": "integer", "minimum": 0], "minItems": 1,
    ]
    private static let message: JSON = .schema(
        [
            ("role", ["type": "string", "enum": ["system", "developer", "user", "assistant"]]),
            (
                "content",
                [
                    "anyOf": [
                        .string,
                        .list(
                            of: .schema(
                                [("type", ["const": "text"]), ("text", .string)],
                                required: ["type", "text"])),
                    ]
                ]
            ),
        ], required: ["role", "content"])

    /// What completions and chats have in common.
    private static let sampling: [(String, JSON)] = [
        ("model", ["type": "string", "examples": ["MODEL"]]),
        ("temperature", .optional("number", ("minimum", 0), ("maximum", 2))),
        ("top_p", .optional("number", ("exclusiveMinimum", 0), ("maximum", 1))),
        (
            "n",
            .optional(
                "integer", ("minimum", 1), ("maximum", 128),
                (
                    "description",
                    "Answers to each prompt: no more than grow at once (--max-batch), and prompts times n are at most 128."
                ))
        ),
        (
            "stop",
            [
                "anyOf": [
                    stop, ["type": "array", "items": stop, "maxItems": 16], ["type": "null"],
                ]
            ]
        ),
        ("seed", .optional("integer", ("minimum", .integer(.min)), ("maximum", .integer(.max)))),
        ("stream", .optional("boolean")),
        (
            "stream_options",
            ["type": ["object", "null"], "properties": ["include_usage": .optional("boolean")]]
        ),
        ("errata", .optional("boolean")),
    ]
    private static let stop: JSON = ["type": "string", "minLength": 1, "maxLength": 256]

    /// Bodies of answers.
    private static let told: [(String, JSON)] = [
        ("Record", record(id: .string, adding: [("chatPrompt", .string)])),
        (
            "Model",
            .schema(
                [
                    ("id", .string), ("object", ["const": "model"]), ("created", .integer),
                    ("owned_by", .string), ("version", .integer),
                ], required: ["id", "object", "created", "owned_by", "version"])
        ),
        ("Models", page(of: .reference("Model"), hasMore: false)),
        ("Completion", answer(of: ["text", "index", "logprobs", "finish_reason"])),
        ("ChatCompletion", answer(of: ["message", "index", "logprobs", "finish_reason"])),
        (
            "Explanation",
            .schema(
                [
                    ("object", .string), ("model", .string), ("prompt", .string),
                    ("before", .string), ("after", .string), ("changed", .boolean),
                    ("trace", .reference("Trace")), ("edit", .reference("Edit")),
                ], required: ["object", "model", "prompt", "before", "after", "changed", "trace"])
        ),
        (
            "Trace",
            .schema(
                [
                    ("decision", ["type": "string", "enum": ["edited", "deferred"]]),
                    ("nearestEdit", .string), ("distance", .number), ("threshold", .number),
                    ("code", .string), ("gate", .string), ("tier", .string),
                    ("version", .integer),
                ], required: ["decision", "version"])
        ),
        (
            "Edit",
            .schema(
                [
                    ("object", ["const": "edit"]), ("id", .string), ("event", .integer),
                    ("transaction", .integer), ("state", .string), ("by", .integer),
                    ("proposal", .integer), ("tenant", .string), ("record", .reference("Record")),
                    ("author", .string), ("reason", .string), ("time", .string),
                    ("supersedes", .list(of: .integer)),
                    ("story", .list(of: ["type": "object"])),
                ],
                required: [
                    "object", "id", "event", "transaction", "state", "record", "time", "supersedes",
                ])
        ),
        (
            "Proposal",
            .schema(
                [
                    ("object", ["const": "proposal"]), ("id", .string), ("event", .integer),
                    ("state", .string), ("tenant", .string),
                    ("records", .list(of: .reference("Record"))), ("author", .string),
                    ("reason", .string), ("time", .string),
                ], required: ["object", "id", "event", "state", "records", "time"])
        ),
        ("EditOrProposal", ["oneOf": [.reference("Edit"), .reference("Proposal")]]),
        ("Edits", page(of: .reference("EditOrProposal"), hasMore: true)),
        (
            "Transaction",
            .schema(
                [
                    ("object", ["const": "transaction"]), ("transaction", .integer),
                    (
                        "state",
                        [
                            "type": "string",
                            "enum": [
                                "live", "pending", "undone", "superseded", "proposed", "declined",
                                "unchanged",
                            ],
                        ]
                    ),
                    ("proposal", .integer), ("version", .integer),
                    ("edits", .list(of: .reference("Edit"))), ("report", ["type": "object"]),
                    ("conflicts", .list(of: ["type": "object"])), ("left_out", .integer),
                    ("repeated", .boolean), ("seconds", .number),
                ],
                required: [
                    "object", "state", "version", "edits", "conflicts", "left_out", "repeated",
                    "seconds",
                ])
        ),
        (
            "Undo",
            .schema(
                [
                    ("object", ["const": "undo"]), ("event", .integer), ("version", .integer),
                    ("edits", .list(of: .reference("Edit"))),
                ], required: ["object", "event", "version", "edits"])
        ),
        (
            "Snapshots",
            page(
                of: .schema(
                    [
                        ("object", ["const": "snapshot"]), ("version", .integer),
                        ("model", .string), ("current", .boolean), ("kind", .string),
                        ("edits", .integer), ("time", .string), ("author", .string),
                        ("reason", .string),
                    ], required: ["object", "version", "current", "kind", "edits"]), hasMore: true)
        ),
    ]

    private static func page(of items: JSON, hasMore: Bool) -> JSON {
        .schema(
            [("object", ["const": "list"]), ("data", .list(of: items)), ("has_more", .boolean)],
            required: ["object", "data"] + (hasMore ? ["has_more"] : []))
    }

    private static func answer(of keys: [String]) -> JSON {
        .schema(
            [
                ("id", .string), ("object", .string), ("created", .integer), ("model", .string),
                (
                    "choices",
                    .list(of: .schema(keys.map { ($0, [:]) }, required: keys))
                ),
                (
                    "usage",
                    .schema(
                        [
                            ("prompt_tokens", .integer), ("completion_tokens", .integer),
                            ("total_tokens", .integer),
                        ], required: ["prompt_tokens", "completion_tokens", "total_tokens"])
                ),
            ], required: ["id", "object", "created", "model", "choices", "usage"])
    }
}
