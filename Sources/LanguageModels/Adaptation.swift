package import Torch

/// A change to what linear maps inside the MLPs compute.
///
/// The model knows nothing else about editors. It asks at every site it passes, in order, and
/// takes the answer in place of the map's own output; a site that is not adapted costs nothing.
package protocol Adaptation {
    /// Whether `output(at:input:base:)` has something to say at this site.
    func adapts(_ site: Site) -> Bool

    /// What the map at `site` shall give for `input`, in the model's dtype.
    ///
    /// - Parameters:
    ///   - input: what enters the map, [B, T, in].
    ///   - base: what the unedited map makes of it, [B, T, out].
    func output(at site: Site, input: Tensor, base: Tensor) throws -> Tensor
}
