import Edits
import Tokenizers
import Torch

// Sizes: B rows, d width of the query.

extension ELDER {
    /// Whether a stored row covers each prompt, and which is nearest.
    func scopes(_ prompts: [[Int]], query: Tensor, codes: [RouteCode]) throws -> [Scope] {
        switch config.gate {
        case .code:
            return codes.map {
                memory.codes.scope(of: $0, threshold: config.hammingThreshold)
            }
        case .match:
            guard let gate else { return prompts.map { _ in .deferred(nil) } }
            let texts = prompts.map { tokenizer.decode($0) }
            return try gate.nearest(to: texts, query: query).map {
                Scope($0, threshold: Self.edge)
            }
        }
    }

    /// How much each expert counts for each row while answering, [B, L, E], and the codes of the
    /// routes that are taken so.
    ///
    /// - Parameters:
    ///   - own: what the routers say of the prompts themselves.
    ///   - codes: the codes of these.
    func ways(
        _ query: Tensor, routes own: Routes, codes: [RouteCode], scopes: [Scope]
    ) throws -> (weights: Tensor, codes: [RouteCode]) {
        switch config.routeSource {
        case .prompt:
            return (try own.weights(renormalising: config.renormalisesScores), codes)
        case .match:
            let routes = try router.routes(routed(query, by: scopes), active: config.active)
            return (
                try routes.weights(renormalising: config.renormalisesScores), try routes.codes()
            )
        case .allocation:
            // A deferred row takes any route: its mixture is not looked at.
            let codes = scopes.map {
                let row = memory.rows[$0.match?.index ?? 0]
                return allocator.code(of: allocationKey(row)!)!
            }
            return (try oneHot(codes)! / Double(config.active), codes)
        }
    }

    /// The queries the routers shall see, [B, d]: those of matched rows, and else the prompts' own.
    private func routed(_ query: Tensor, by scopes: [Scope]) throws -> Tensor {
        let rows = try scopes.enumerated().map { row, scope in
            guard scope.isEdited, let match = scope.match else {
                return try query.at(dim: 0, index: row)
            }
            return try memory.queries!.at(dim: 0, index: match.index)
        }
        return try Tensor.stacked(rows, dim: 0)
    }

    /// The decisions in words. A deferred prompt shows where it would have gone; where routes are
    /// those of edits, that is nowhere.
    func traces(_ scopes: [Scope], codes: [RouteCode]) -> [RouteTrace] {
        let threshold = config.gate == .code ? Double(config.hammingThreshold) : Self.edge
        return zip(scopes, codes).map { scope, code in
            RouteTrace(
                scope, nearestEdit: scope.match.map { memory.rows[$0.index].editID },
                threshold: threshold,
                code: scope.isEdited || config.routeSource != .allocation ? code : nil,
                gate: config.gate == .code ? .code : .match)
        }
    }

    /// Where the match gate's distance ends.
    private static var edge: Double { 1 }
}
