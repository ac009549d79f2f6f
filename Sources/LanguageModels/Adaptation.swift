package import Torch

/// A change to what MLPs, or linear maps inside them, compute.
///
/// The model knows nothing else about editors. It asks at every site it passes, in order, and
/// takes the answer in place of the map's own output; a site that is not adapted costs nothing.
package protocol Adaptation {
    /// Whether `output(at:input:base:start:)` has something to say at this site.
    func adapts(_ site: Site) -> Bool

    /// What the map at `site` shall give for `input`, in the model's dtype.
    ///
    /// - Parameters:
    ///   - input: what enters the map, [B, T, in].
    ///   - base: what the unedited map makes of it, [B, T, out].
    ///   - start: columns that came before these: 0 while the prompt runs, more for every token
    ///     generated after it.
    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor
}

/// An adaptation that can be computed together with others of its kind, as one.
package protocol JoiningAdaptation: Adaptation {
    /// What the rows have in common: rows of one origin may be joined.
    var origin: ObjectIdentifier { get }

    /// One adaptation for the rows of all `parts`, in order, once their prompts have been read.
    ///
    /// - Parameter parts: of one row each and one origin.
    static func joined(_ parts: [Self]) throws -> Self
}
