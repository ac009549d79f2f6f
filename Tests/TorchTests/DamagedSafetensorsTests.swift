import Foundation
import Testing
import Torch

/// Files that are no whole safetensors files, and places that cannot be written.
@Suite struct DamagedSafetensorsTests {
    private func expectRefusal(
        _ part: String, of url: URL, location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: TorchError.self, sourceLocation: location) {
            try SafetensorsFile(url)
        }
        guard let message = error?.message else { return }
        #expect(message.contains(url.path), "\(message)", sourceLocation: location)
        #expect(message.contains(part), "\(message)", sourceLocation: location)
    }

    @Test func aFileThatIsNotThereIsNamed() throws {
        let folder = try Folder()
        expectRefusal("No such file or directory", of: folder.file)
    }

    @Test func aFolderIsNoFile() throws {
        let folder = try Folder()
        expectRefusal("cannot map", of: folder.url)
    }

    @Test func anEmptyOrAlmostEmptyFileIsRefused() throws {
        let folder = try Folder()
        try Data().write(to: folder.file)
        expectRefusal("it is empty", of: folder.file)
        try Data([1, 2, 3]).write(to: folder.file)
        expectRefusal("it has 3 bytes", of: folder.file)
    }

    @Test func aFileCutShortAnywhereIsRefused() throws {
        let folder = try Folder()
        try writeSafetensors(["a": .ones([3]), "b": .ones([2])], to: folder.file)
        let whole = try Data(contentsOf: folder.file)
        for length in 0..<whole.count {
            try whole.prefix(length).write(to: folder.file)
            expectRefusal("is not a whole safetensors file", of: folder.file)
        }
    }

    @Test func aFileOfAnotherKindIsRefused() throws {
        let folder = try Folder()
        try Data("PK\u{3}\u{4} this is a zip file, and not a short one".utf8).write(to: folder.file)
        expectRefusal("its header claims", of: folder.file)
        try folder.write(header: "not JSON at all")
        expectRefusal("its header is not a JSON object", of: folder.file)
        try folder.write(header: "[1, 2]")
        expectRefusal("its header is not a JSON object", of: folder.file)
    }

    @Test(arguments: [UInt64(200), 1 << 40, UInt64(Int64.max), .max])
    func aHeaderLongerThanTheFileIsNotBelieved(length: UInt64) throws {
        let folder = try Folder()
        try folder.write(header: "{}", length: length)
        expectRefusal("its header claims \(length) bytes of 2", of: folder.file)
    }

    @Test(arguments: [
        #""dtype":"F32","shape":[1],"data_offsets":[0]"#,
        #""dtype":"F32","shape":[1],"data_offsets":[4,0]"#,
        #""dtype":"F32","shape":[1],"data_offsets":[-4,0]"#,
        #""dtype":"F32","shape":[-1],"data_offsets":[0,4]"#,
        #""dtype":"F32","shape":[2],"data_offsets":[0,4]"#,
        #""dtype":"F32","shape":"one","data_offsets":[0,4]"#,
        #""dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,4]"#,
        #""shape":[1],"data_offsets":[0,4]"#,
    ])
    func anEntryThatMakesNoSenseIsNamed(fields: String) throws {
        let folder = try Folder()
        try folder.write(header: "{\"some.weight\":{\(fields)}}", body: Data(count: 4))
        expectRefusal("the entry of 'some.weight' makes no sense", of: folder.file)
    }

    @Test(arguments: ["F8_E4M3", "U32"])
    func aTypeThatTheEngineDoesNotHaveIsNoDamage(type: String) throws {
        let folder = try Folder()
        let fields = #""dtype":"\#(type)","shape":[4],"data_offsets":[0,4]"#
        try folder.write(header: "{\"some.weight\":{\(fields)}}", body: Data(count: 4))
        expectRefusal(
            "holds 'some.weight' in the element type \(type), which is not supported; take the plain",
            of: folder.file)
    }

    @Test(arguments: [
        #""dtype":"F32","shape":[1],"data_offsets":[4,8]"#,
        #""dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]"#,
    ])
    func anEntryBeyondTheEndIsNamed(fields: String) throws {
        let folder = try Folder()
        try folder.write(header: "{\"some.weight\":{\(fields)}}", body: Data(count: 4))
        expectRefusal("'some.weight' ends", of: folder.file)
    }

    // MARK: Writing

    @Test func aFolderThatIsNotThereIsNamedAndNotMade() throws {
        let folder = try Folder()
        let url = folder.url.appending(path: "absent/tensors.safetensors")
        let error = #expect(throws: TorchError.self) {
            try writeSafetensors(["x": .ones([1])], to: url)
        }
        #expect(
            error?.message
                == "cannot write \(url.path): No such file or directory; nothing was changed there."
        )
        #expect(try folder.contents() == [])
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func aFullDiskKeepsWhatWasThere() throws {
        let folder = try Folder()
        try writeSafetensors(["x": .ones([3])], to: folder.file)
        let before = try Data(contentsOf: folder.file)
        // What is written beside the file lands on a device that is always full.
        let name = "tensors.safetensors.partial-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createSymbolicLink(
            atPath: folder.url.appending(path: name).path, withDestinationPath: "/dev/full")
        let error = #expect(throws: TorchError.self) {
            try writeSafetensors(["x": .zeros([3])], to: folder.file)
        }
        #expect(error?.message.contains("No space left on device") == true)
        #expect(try Data(contentsOf: folder.file) == before)
        #expect(try folder.contents() == ["tensors.safetensors"])
    }

    @Test func aPlaceThatIsAFolderStaysOne() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(at: folder.file, withIntermediateDirectories: true)
        #expect(throws: TorchError.self) {
            try writeSafetensors(["x": .ones([1])], to: folder.file)
        }
        #expect(try folder.contents() == ["tensors.safetensors"])
    }

    @Test func aWriterThatFailsHalfwayKeepsWhatWasThere() throws {
        struct Interruption: Error {}
        let folder = try Folder()
        try writeSafetensors(["x": .ones([3])], to: folder.file)
        let before = try Data(contentsOf: folder.file)
        #expect(throws: Interruption.self) {
            try writeAtomically(to: folder.file) { write in
                try write(Data("half".utf8))
                throw Interruption()
            }
        }
        #expect(try Data(contentsOf: folder.file) == before)
        #expect(try folder.contents() == ["tensors.safetensors"])
    }
}
