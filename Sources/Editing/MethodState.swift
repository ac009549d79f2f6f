import Edits
import Foundation
package import Torch

/// A method at rest: named tensors, and a JSON document for the rest.
package struct MethodState {
    package var tensors: [String: Tensor]
    package var document: String

    package init(tensors: [String: Tensor], document: String) {
        self.tensors = tensors
        self.document = document
    }
}

// How every method writes and reads its own.
extension MethodState {
    /// - Parameter rest: what of the method is not a tensor.
    init(tensors: [String: Tensor], rest: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        self.init(
            tensors: tensors, document: String(decoding: try encoder.encode(rest), as: UTF8.self))
    }

    /// What of the method is not a tensor.
    ///
    /// - Throws: `EditError` for a document that is damaged.
    func rest<Rest: Decodable>() throws -> Rest {
        do {
            return try JSONDecoder().decode(Rest.self, from: Data(document.utf8))
        } catch {
            throw EditError(
                "The saved editor's record cannot be read (\(sentence(for: error))); "
                    + "save it again from the original.")
        }
    }

    /// The tensor called `name` in storage of its own, cut off from whatever made it.
    ///
    /// - Parameter shape: nil stands for any size.
    /// - Throws: `EditError` where there is none, or one of another shape.
    func tensor(_ name: String, _ shape: [Int?], on device: Device) throws -> Tensor {
        guard let tensor = tensors[name] else {
            throw EditError(
                "The saved editor lacks the tensor '\(name)'; save it again from the original.")
        }
        let isRight =
            tensor.shape.count == shape.count
            && zip(tensor.shape, shape).allSatisfy { $1 == nil || $0 == $1 }
        guard isRight else {
            let sizes = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            throw EditError(
                "expected the saved editor's tensor '\(name)' to have shape [\(sizes)], got "
                    + "\(tensor.shape); open it with the model it was made for, or save it again "
                    + "from the original.")
        }
        return try tensor.detached().to(device).copy()
    }
}
