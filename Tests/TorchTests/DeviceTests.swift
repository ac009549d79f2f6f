import Foundation
import Testing
import Torch

@Suite struct DeviceTests {
    @Test(arguments: [
        ("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:0", "cuda:0"), ("cuda:3", "cuda:3"),
        ("mps", "mps"),
    ])
    func aNameIsReadAndWritten(text: String, name: String) throws {
        let device = try Device(text)
        #expect(device.description == name)
        let copy = try JSONDecoder().decode(Device.self, from: JSONEncoder().encode(device))
        #expect(copy == device)
    }

    @Test(arguments: ["", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:0:0", "cpu:1", "mps:1"])
    func anythingElseIsRefusedWithTheNamesThereAre(text: String) throws {
        let error = #expect(throws: TorchError.self) { try Device(text) }
        #expect(
            error?.message
                == "expected a device such as cpu, cuda:0 or mps, got '\(text)'; use --device cpu.")
    }

    @Test func theProcessorIsAlwaysThere() throws {
        try Device.cpu.requireAvailable()
        try Engine.synchronize(.cpu)
    }

    @Test func aDeviceThatIsNotThereIsNamedWithTheWayOut() throws {
        let device = try Device("cuda:99")
        let error = #expect(throws: TorchError.self) { try device.requireAvailable() }
        #expect(error?.message.hasPrefix("device cuda:99 is not available") == true)
        #expect(error?.message.contains("--device cpu") == true)
    }

    @Test func aTensorCannotBeMadeOnADeviceThatIsNotThere() throws {
        let device = try Device("cuda:99")
        #expect(throws: TorchError.self) { try Tensor.zeros([2], device: device) }
        #expect(throws: TorchError.self) { try Tensor.zeros([2]).to(device) }
    }

    @Test func threadsMustBeAtLeastOne() throws {
        #expect(Engine.threads >= 1)
        let error = #expect(throws: TorchError.self) { try Engine.setThreads(0) }
        #expect(error?.message == "expected at least 1 thread, got 0.")
    }

    @Test(arguments: [
        ("f32", DType.float32), ("float32", .float32), ("BF16", .bfloat16), ("f16", .float16),
        ("I64", .int64), ("i32", .int32), ("U8", .uint8), ("F64", .float64), ("bool", .bool),
    ])
    func anElementTypeIsReadByEitherOfItsNames(text: String, dtype: DType) throws {
        #expect(try DType(text) == dtype)
    }

    @Test func anUnknownElementTypeIsRefused() throws {
        let error = #expect(throws: TorchError.self) { try DType("f8") }
        #expect(
            error?.message
                == "expected an element type, one of f32, f16, bf16, f64, i64, i32, u8, bool, "
                + "got 'f8'; use one of them.")
    }
}
