package import Torch

extension CausalModel {
    /// The same model computing in another dtype.
    ///
    /// Where parameters require gradients the casts are part of the graph: what is computed with
    /// the new model sends its gradients back to this one's parameters, in their own dtype.
    package func cast(to dtype: DType) throws -> CausalModel {
        var rest = parameters[...]
        return try CausalModel(configuration, dtype: dtype, device: device) { shape in
            // Asked for in the order of a forward pass, which is the order of `parameters`.
            guard let (name, tensor) = rest.popFirst(), name == shape.name else {
                preconditionFailure("parameters are taken in order, but \(shape.name) came early")
            }
            return try tensor.to(dtype)
        }
    }
}
