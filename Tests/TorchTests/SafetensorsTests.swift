import Foundation
import Testing
import Torch

@Suite struct SafetensorsTests {
    @Test(arguments: DType.allCases)
    func everyElementTypeComesBackBitForBit(dtype: DType) throws {
        let folder = try Folder()
        let tensor = try Tensor([0, 1, 1.5, -2.25, 300, 0] as [Float], shape: [2, 3]).abs().to(
            dtype)
        try writeSafetensors(["x": tensor], to: folder.file)
        let file = try SafetensorsFile(folder.file)
        #expect(try file.dtype(of: "x") == dtype)
        #expect(try file.shape(of: "x") == [2, 3])
        #expect(try file.tensor(named: "x").isBitEqual(to: tensor))
    }

    @Test(arguments: [[0], [3, 0], [], [1, 1]])
    func emptyTensorsAndSingleNumbersComeBack(shape: [Int]) throws {
        let folder = try Folder()
        let tensor = try Tensor.full(shape, value: 7)
        try writeSafetensors(["a": tensor, "b": .ones([2])], to: folder.file)
        let copy = try SafetensorsFile(folder.file).tensor(named: "a")
        #expect(copy.shape == shape)
        #expect(try copy.isBitEqual(to: tensor))
    }

    @Test func bitsThatAreNoNumberComeBack() throws {
        let folder = try Folder()
        let odd = [Float.nan, -.nan, .infinity, -0.0, Float(bitPattern: 0x7FC0_1234)]
        try writeSafetensors(["x": Tensor(odd, shape: [5])], to: folder.file)
        let copy = try SafetensorsFile(folder.file).tensor(named: "x").floats()
        #expect(copy.map(\.bitPattern) == odd.map(\.bitPattern))
    }

    @Test func aViewIsWrittenRowByRow() throws {
        let folder = try Folder()
        let tensor = try Tensor.arange(0..<6).reshaped([2, 3]).transposed(0, 1)
        try writeSafetensors(["x": tensor], to: folder.file)
        #expect(try SafetensorsFile(folder.file).tensor(named: "x").ints() == [0, 3, 1, 4, 2, 5])
    }

    @Test func namesAndMetadataComeBackWhateverTheyHold() throws {
        let folder = try Folder()
        let metadata = ["format": "pt", "quote \" and / and \\": "line\nbreak, ü, 🙂"]
        try writeSafetensors(
            ["b/ü.weight": .ones([1]), "a \"quoted\"": .zeros([1])], metadata: metadata,
            to: folder.file)
        let file = try SafetensorsFile(folder.file)
        #expect(file.names == ["a \"quoted\"", "b/ü.weight"])
        #expect(file.metadata == metadata)
        #expect(file.contains("b/ü.weight") && !file.contains("c"))
    }

    @Test func aFileWithoutTensorsIsWhole() throws {
        let folder = try Folder()
        try writeSafetensors([:], to: folder.file)
        let file = try SafetensorsFile(folder.file)
        #expect(file.names == [] && file.metadata == [:])
    }

    @Test func theBytesDependOnTheTensorsAlone() throws {
        let folder = try Folder()
        let other = folder.url.appending(path: "other")
        try writeSafetensors(["a": .ones([2]), "b": .zeros([3])], to: folder.file)
        try writeSafetensors(["b": .zeros([3]), "a": .ones([2])], to: other)
        #expect(try Data(contentsOf: folder.file) == Data(contentsOf: other))
        #expect(try Data(contentsOf: other)[0..<8].last == 0)
    }

    @Test func aTensorThatDoesNotStartOnAWholeElementIsRead() throws {
        let folder = try Folder()
        // One odd byte before the floats, as the format allows.
        let header = """
            {"flag":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},
             "x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}
            """
        let values = [Float(1.5), -2].withUnsafeBytes { Data($0) }
        try folder.write(header: header, body: Data([1]) + values)
        let file = try SafetensorsFile(folder.file)
        #expect(try file.tensor(named: "flag").bools() == [true])
        #expect(try file.tensor(named: "x").floats() == [1.5, -2])
    }

    @Test func aTensorOutlivesTheFileObjectAndTheFile() throws {
        let folder = try Folder()
        try writeSafetensors(["x": .arange(0..<1000)], to: folder.file)
        let tensor = try SafetensorsFile(folder.file).tensor(named: "x")
        try FileManager.default.removeItem(at: folder.file)
        #expect(try tensor.sum().item() == 499_500)
    }

    @Test func whatWasForgottenIsReadAgain() throws {
        let folder = try Folder()
        try writeSafetensors(["x": .arange(0..<10_000)], to: folder.file)
        let file = try SafetensorsFile(folder.file)
        let tensor = try file.tensor(named: "x")
        #expect(try tensor.at(dim: 0, index: 9_999).item() == 9_999)
        try file.forget("x")
        #expect(try tensor.sum().item() == 49_995_000)
    }

    @Test func aTensorThatIsNotThereIsNamed() throws {
        let folder = try Folder()
        try writeSafetensors(["x": .ones([1])], to: folder.file)
        let file = try SafetensorsFile(folder.file)
        let error = #expect(throws: TorchError.self) { try file.tensor(named: "y") }
        #expect(error?.message.contains("has no tensor 'y'") == true)
    }
}

/// A folder of its own for one test.
final class Folder {
    let url: URL
    var file: URL { url.appending(path: "tensors.safetensors") }

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "torch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A file with this header as it stands, its true length before it unless another is given.
    func write(header: String, length: UInt64? = nil, body: Data = Data()) throws {
        let length = length ?? UInt64(header.utf8.count)
        let start = withUnsafeBytes(of: length.littleEndian) { Data($0) }
        try (start + Data(header.utf8) + body).write(to: file)
    }

    /// The names of what lies in it.
    func contents() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    }
}
