import Torch

/// The scopes of rows that are computed together, bool [B]; nil where all of them are edited.
///
/// - Parameter scopes: of one row each; nil for a row that is.
func joinedScopes(_ scopes: [Tensor?], device: Device) throws -> Tensor? {
    guard scopes.contains(where: { $0 != nil }) else { return nil }
    return try Tensor.concatenated(
        scopes.map { try $0 ?? Tensor([true], shape: [1], device: device) }, dim: 0)
}
