import Edits
import Foundation
import LanguageModels
import Testing
import Torch

@testable import Editing

/// The covariance of keys: made once, kept on disk, and never taken from a damaged file.
@Suite struct ROMECovarianceTests {
    @Test(arguments: ["gpt2", "llama"])
    func itIsMadeOnceAndReadAfterwards(family: String) throws {
        let bench = try CovarianceBench(family)
        var first = try bench.method()
        try first.prepare()
        let file = try #require(try bench.files().first)
        let date = try bench.modified(file)
        var second = try bench.method()
        try second.prepare()
        #expect(try bench.modified(file) == date)
        #expect(try first.inverse!.isBitEqual(to: second.inverse!))
        #expect(first.covarianceDigest == second.covarianceDigest)

        try first.learn(bench.fixture.edits()) { _ in }
        var plain = try bench.fixture.method(bench.fixture.config())
        try plain.learn(bench.fixture.edits()) { _ in }
        #expect(try !first.map!.weight.isBitEqual(to: plain.map!.weight))
    }

    @Test(arguments: [0, 40, 9000])
    func aDamagedFileIsMadeAnew(place: Int) throws {
        let bench = try CovarianceBench("gpt2")
        var first = try bench.method()
        try first.prepare()
        let file = try #require(try bench.files().first)
        let whole = try Data(contentsOf: file)
        var damaged = whole
        damaged[place] ^= 1
        try damaged.write(to: file)
        var second = try bench.method()
        try second.prepare()
        #expect(try first.inverse!.isBitEqual(to: second.inverse!))
        #expect(try Data(contentsOf: file) == whole)

        try whole.prefix(place).write(to: file)
        var third = try bench.method()
        try third.prepare()
        #expect(try first.inverse!.isBitEqual(to: third.inverse!))
    }

    @Test func anotherTextAnotherModelAndAnotherBlockHaveFilesOfTheirOwn() throws {
        let bench = try CovarianceBench("gpt2")
        let model = bench.fixture.model
        let text = Data("some text".utf8)
        let site = Site(block: 2, part: .contraction)
        let other = try CausalModel.random(model.configuration, seed: 1)
        let digests = try [
            CovarianceFile.digest(of: text, model: model, site: site),
            CovarianceFile.digest(of: text + text, model: model, site: site),
            CovarianceFile.digest(of: text, model: other, site: site),
            CovarianceFile.digest(
                of: text, model: model, site: Site(block: 3, part: .contraction)),
        ]
        #expect(Set(digests).count == 4 && digests.allSatisfy { $0.count == 16 })
        #expect(
            try CovarianceFile.digest(of: text, model: model, site: site) == digests[0])
    }

    @Test func goingOnNeedsTheTextOfTheFirstEdits() throws {
        let bench = try CovarianceBench("gpt2")
        let edits = try bench.fixture.edits()
        var one = try bench.method()
        try one.learn(Array(edits.prefix(2))) { _ in }
        func restored() throws -> ROME {
            try ROME(
                restoring: one.state(), model: bench.fixture.model,
                tokenizer: bench.fixture.tokenizer)
        }
        var other = try restored()
        try other.learn([edits[2]]) { _ in }
        var third = one
        try third.learn([edits[2]]) { _ in }
        #expect(try third.map!.weight.isBitEqual(to: other.map!.weight))

        try Data("another text".utf8).write(to: bench.text)
        var late = try restored()
        let error = #expect(throws: EditError.self) { try late.learn([edits[2]]) { _ in } }
        #expect(error?.message.contains("that the first edits were written with") == true)
    }

    @Test func tooShortATextAndAMissingOneGetOneSentence() throws {
        let bench = try CovarianceBench("gpt2")
        try Data("Orm is tall\n\n".utf8).write(to: bench.text)
        for (values, part) in [
            (["ridge": "0"], "expected a covariance of at least 64 tokens, got 11; name a longer"),
            (["covariance": "/nowhere"], "expected `covariance` to name a text file, got '/nowh"),
            (["covarianceFolder": bench.text.path], "expected `covarianceFolder` to be a folder"),
        ] {
            var method = try bench.fixture.method(bench.config().replacing(values))
            let error = #expect(throws: EditError.self) { try method.prepare() }
            #expect(error?.message.hasPrefix(part) == true, "\(error?.message ?? "")")
        }
    }

    @Test func aSingularMatrixIsTheEnginesError() throws {
        #expect(throws: TorchError.self) {
            try Tensor.zeros([2, 2]).solved(for: .ones([2, 1]))
        }
    }
}

/// A tiny model with a text, and a folder for covariances that is gone afterwards.
private final class CovarianceBench {
    let fixture: ROMEFixture
    let folder: URL
    let text: URL

    init(_ family: String) throws {
        fixture = try ROMEFixture(family)
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        text = folder.appending(path: "text.txt")
        try Data(fixture.document.passages.joined(separator: "\n").utf8).write(to: text)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func config() -> ROMEConfig {
        var config = fixture.config()
        config.covariance = text.path
        config.ridge = 0.01
        config.covarianceFolder = folder.appending(path: "cache").path
        return config
    }

    func method() throws -> ROME { try fixture.method(config()) }

    func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "cache"), includingPropertiesForKeys: nil)
    }

    func modified(_ file: URL) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
    }
}
