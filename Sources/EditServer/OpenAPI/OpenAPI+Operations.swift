extension OpenAPI {
    private static func parameter(
        _ name: String, in place: String, _ schema: JSON, _ description: String
    ) -> JSON {
        [
            "name": .text(name), "in": .text(place), "required": .truth(place == "path"),
            "schema": schema, "description": .text(description),
        ]
    }

    private static let tenant = parameter(
        "Errata-Tenant", in: "header",
        ["type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"],
        "Whose model is meant, for an administrator's token.")
    private static let id = parameter(
        "id", in: "path", .string,
        "The number of an event as #12, with %23 for #, or the name of an edit. A number without # is "
            + "an edit of that name, such as files have, and otherwise the event.")
    private static let limit = parameter(
        "limit", in: "query", ["type": "integer", "minimum": 1, "maximum": 1000],
        "The most to list; 50 unless given.")
    private static let after = parameter(
        "after", in: "query", ["type": "integer", "minimum": 1, "maximum": 2_147_483_647],
        "Only what came before this event: the last of the page before.")
    /// What every request that says who asks may get.
    private static let access = [401, 403, 429]

    static let operations: [Operation] =
        [
            Operation(
                method: "GET", path: "/healthz", id: "health",
                summary: "Whether the process lives.",
                answers: [(200, "Status")], errors: []),
            Operation(
                method: "GET", path: "/readyz", id: "ready", summary: "Whether requests are taken.",
                answers: [(200, "Status")], errors: [503]),
            Operation(
                method: "GET", path: "/metrics", id: "metrics",
                summary: "Counters and histograms in Prometheus' text format.",
                answers: [(200, "")], errors: access, contentType: "text/plain"),
            Operation(
                method: "GET", path: "/openapi.json", id: "description", summary: "This document.",
                answers: [(200, "")], errors: []),
            Operation(
                method: "GET", path: "/v1/models", id: "listModels",
                summary: "The model, and the versions of it that are kept.", parameters: [tenant],
                answers: [(200, "Models")], errors: [400, 404] + access),
            Operation(
                method: "GET", path: "/v1/models/{model}", id: "getModel", summary: "One version.",
                parameters: [
                    parameter(
                        "model", in: "path", ["type": "string", "examples": ["MODEL"]],
                        "NAME, or NAME@VERSION."), tenant,
                ],
                answers: [(200, "Model")], errors: [400, 404] + access),
            Operation(
                method: "POST", path: "/v1/completions", id: "complete",
                summary: "Continues prompts.",
                parameters: [tenant], body: "CompletionRequest", answers: [(200, "Completion")],
                errors: asking),
            Operation(
                method: "POST", path: "/v1/chat/completions", id: "chat",
                summary: "Answers a chat.",
                parameters: [tenant], body: "ChatRequest", answers: [(200, "ChatCompletion")],
                errors: asking),
            Operation(
                method: "POST", path: "/v1/explain", id: "explain",
                summary: "What the unedited and the edited model say to a prompt, and why.",
                parameters: [tenant], body: "ExplainRequest", answers: [(200, "Explanation")],
                errors: asking),
            Operation(
                method: "POST", path: "/v1/edits", id: "applyEdits",
                summary:
                    "Corrects the model: all of the edits are live when this returns, or none.",
                parameters: [
                    tenant,
                    parameter(
                        "Idempotency-Key", in: "header",
                        ["type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"],
                        "Names the request: sent twice it is done once."),
                ],
                body: "EditRequest", answers: [(200, "Transaction"), (202, "Transaction")],
                errors: changing,
                links: [
                    (200, "getEdit", "transaction"), (200, "undo", "transaction"),
                    (202, "approve", "proposal"), (202, "decline", "proposal"),
                ]),
            Operation(
                method: "GET", path: "/v1/edits", id: "listEdits",
                summary: "The edits, newest first.",
                parameters: [
                    tenant,
                    parameter("query", in: "query", .string, "Words in the edit."),
                    parameter("author", in: "query", .string, "Who made it."),
                    parameter("tag", in: "query", .string, "A tag it has."),
                    parameter(
                        "state", in: "query",
                        [
                            "type": "string",
                            "enum": [
                                "live", "pending", "rejected", "undone", "superseded", "proposed",
                                "approved", "declined",
                            ],
                        ], "What holds of it; the last three list proposals."),
                    limit, after,
                ],
                answers: [(200, "Edits")], errors: [400, 404] + access),
            Operation(
                method: "GET", path: "/v1/edits/{id}", id: "getEdit",
                summary: "One edit with its story, or one proposal.", parameters: [id, tenant],
                answers: [(200, "EditOrProposal")], errors: [400, 404] + access),
            Operation(
                method: "DELETE", path: "/v1/edits/{id}", id: "undo",
                summary: "Takes back an edit, a publication, or an earlier undo.",
                parameters: [id, tenant], body: "ReasonRequest", isBodyRequired: false,
                answers: [(200, "Undo")], errors: changing, links: [(200, "undo", "event")]),
            Operation(
                method: "POST", path: "/v1/edits/{id}/approve", id: "approve",
                summary: "Applies what somebody else proposed.", parameters: [id, tenant],
                body: "ApprovalRequest", isBodyRequired: false, answers: [(200, "Transaction")],
                errors: changing),
            Operation(
                method: "POST", path: "/v1/edits/{id}/decline", id: "decline",
                summary: "Turns a proposal down.", parameters: [id, tenant], body: "ReasonRequest",
                isBodyRequired: false, answers: [(200, "Proposal")], errors: changing),
            Operation(
                method: "GET", path: "/v1/snapshots", id: "listSnapshots",
                summary: "The versions there were, and which of them can be asked.",
                parameters: [tenant, limit, after], answers: [(200, "Snapshots")],
                errors: [400, 404] + access),
        ] + replication

    /// For servers that follow this one.
    private static let replication: [Operation] = [
        Operation(
            method: "GET", path: "/v1/replica/tenants", id: "replicaTenants",
            summary: "The tenants that have a log.", parameters: [tenant], answers: [(200, "")],
            errors: [400] + access),
        Operation(
            method: "GET", path: "/v1/replica/events", id: "replicaEvents",
            summary: "Events of the log with their hashes, oldest first.",
            parameters: [
                parameter(
                    "after", in: "query",
                    ["type": "integer", "minimum": 0, "maximum": 2_147_483_647],
                    "Only what was accepted after this event."), tenant,
            ], answers: [(200, "")], errors: [400, 404] + access),
        Operation(
            method: "GET", path: "/v1/replica/snapshots/{digest}", id: "replicaSnapshot",
            summary: "A piece of what was learned, by the SHA-256 of its file.",
            parameters: [
                parameter("digest", in: "path", .string, "The SHA-256 in hexadecimal."),
                parameter(
                    "offset", in: "query",
                    ["type": "integer", "minimum": 0, "maximum": 2_147_483_647],
                    "Where the piece begins."), tenant,
            ], answers: [(200, "")], errors: [400, 404] + access,
            contentType: "application/octet-stream"),
    ]

    private static let asking = [400, 404, 408, 413, 415, 503, 504] + access
    private static let changing = [400, 404, 408, 409, 413, 415, 503] + access
}
