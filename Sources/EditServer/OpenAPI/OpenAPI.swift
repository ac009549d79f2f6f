import Foundation

/// The description of the API, in OpenAPI 3.1: the table of operations below is what routes are
/// tested against.
enum OpenAPI {
    /// One method of one path.
    struct Operation: Sendable {
        let method: String
        /// With parameters in braces.
        let path: String
        let id: String
        let summary: String
        var parameters: [JSON] = []
        /// The name of the body's schema.
        var body: String?
        var isBodyRequired = true
        /// The name of the schema of an answer by its status; empty for one of another type.
        let answers: [(status: Int, schema: String)]
        /// Statuses that come with an error.
        let errors: [Int]
        /// Operations that can go on with a field of an answer, as their `id`.
        var links: [(status: Int, operation: String, field: String)] = []
        /// Of an answer without schema.
        var contentType = "application/json"
    }

    /// The document, with a model of this name in its examples.
    static func document(modelName: String) -> String {
        let name = (try? JSONEncoder().encode(modelName)) ?? Data()
        return template.replacing(
            "\"MODEL\"", with: String(decoding: name, as: UTF8.self))
    }

    private static let template: String = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(whole)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }()

    private static let whole: JSON = [
        "openapi": "3.1.0",
        "info": [
            "title": "Errata", "version": "1",
            "description":
                "A language model that is corrected while it serves: OpenAI's completions and chats, and the log of corrections.",
        ],
        "security": [["bearer": []], [:]],
        "paths": paths,
        "components": [
            "schemas": .object(schemas),
            "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer"]],
        ],
    ]

    private static let paths: JSON = {
        var paths: [(String, [(String, JSON)])] = []
        for operation in operations {
            let entry = (operation.method.lowercased(), operation.json)
            if let place = paths.firstIndex(where: { $0.0 == operation.path }) {
                paths[place].1.append(entry)
            } else {
                paths.append((operation.path, [entry]))
            }
        }
        return .object(paths.map { ($0.0, .object($0.1)) })
    }()

    /// The methods that `path` has; nil for a path there is not.
    static func methods(of path: String) -> [String]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let methods = operations.filter { operation in
            let own = operation.path.split(separator: "/")
            return own.count == parts.count
                && zip(own, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }.map(\.method)
        return methods.isEmpty ? nil : methods
    }
}

extension OpenAPI.Operation {
    fileprivate var json: JSON {
        var answers: [(String, JSON)] = self.answers.map { status, schema -> (String, JSON) in
            let content: JSON =
                schema.isEmpty
                ? .object([(contentType, [:] as JSON)])
                : .object(
                    [("application/json", ["schema": .reference(schema)] as JSON)]
                        + (schema == "Completion" || schema == "ChatCompletion"
                            ? [("text/event-stream", [:] as JSON)] : []))
            let links = links.filter { $0.status == status }.map { link -> (String, JSON) in
                (
                    link.operation,
                    [
                        "operationId": .text(link.operation),
                        // As `#12`, which is the event whatever edits are called.
                        "parameters": ["id": .text("#{$response.body#/\(link.field)}")],
                    ]
                )
            }
            return (
                "\(status)",
                .object(
                    [("description", "What was asked for."), ("content", content)]
                        + (links.isEmpty ? [] : [("links", .object(links))]))
            )
        }
        answers += errors.map {
            (
                "\($0)",
                [
                    "description": "What is wrong.",
                    "content": ["application/json": ["schema": .reference("Error")]],
                ]
            )
        }
        var values: [(String, JSON)] = [
            ("operationId", .text(id)), ("summary", .text(summary)),
            ("responses", .object(answers)),
        ]
        if !parameters.isEmpty { values.append(("parameters", .list(parameters))) }
        if let body {
            values.append(
                (
                    "requestBody",
                    [
                        "required": .truth(isBodyRequired),
                        "content": ["application/json": ["schema": .reference(body)]],
                    ]
                ))
        }
        return .object(values)
    }
}
