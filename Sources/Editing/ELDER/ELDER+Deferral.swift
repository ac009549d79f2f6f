import Edits
import Torch

// Sizes: B rows, n remembered rows, d width of the query.

extension ELDER {
    /// For each row of a batch: which remembered row is nearest, how near, and what follows.
    func traces(_ query: Tensor, _ routes: Routes) throws -> [RouteTrace] {
        let codes = try routes.codes()
        return codes.map { code in
            let scope = memory.codes.scope(of: code, threshold: config.hammingThreshold)
            return RouteTrace(
                scope, nearestEdit: scope.match.map { memory.rows[$0.index].editID },
                threshold: Double(config.hammingThreshold), code: code, gate: .code)
        }
    }
}
