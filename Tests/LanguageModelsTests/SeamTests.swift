import LanguageModels
import TestSupport
import Testing
import Torch

@Suite struct SeamTests {
    @Test(arguments: TinyModel.allCases)
    func prefixAndSuffixAreTheWholeBitForBit(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let batch = try TokenBatch(tiny.rows())
        let whole = try withoutGradients { try model.hidden(batch) }
        for seam in model.sites {
            let prefix = try model.prefix(batch, upTo: seam)
            let hidden = try withoutGradients { try model.suffix(prefix) }
            #expect(try hidden.isBitEqual(to: whole), "cut at \(seam)")
            #expect(prefix.input.size(-1) == model.configuration.inputWidth(of: seam))
            #expect(prefix.output.size(-1) == model.configuration.outputWidth(of: seam))
        }
    }

    @Test(arguments: TinyModel.allCases)
    func anAdaptationIsAskedAtItsSitesFromTheSeamUp(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let batch = try TokenBatch(tiny.rows())
        let prefix = try model.prefix(batch, upTo: Site(block: 1, part: .contraction))
        let adaptation = Recorder(model.sites)
        _ = try model.suffix(prefix, adaptation: adaptation)
        #expect(adaptation.calls.map(\.site) == Array(model.sites.dropFirst(4)))
        for call in adaptation.calls {
            #expect(call.input == [2, 11, model.configuration.inputWidth(of: call.site)])
            #expect(call.base == [2, 11, model.configuration.outputWidth(of: call.site)])
        }
    }

    /// What an adaptation gives replaces the map's output, wherever the model is cut.
    @Test(arguments: TinyModel.allCases)
    func anAdaptedSuffixEqualsTheAdaptedWhole(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let batch = try TokenBatch(tiny.rows())
        for seam in model.sites {
            let adaptation = Recorder([seam], shift: 0.5)
            try withoutGradients {
                let whole = try model.hidden(batch, adaptation: adaptation)
                let suffix = try model.suffix(
                    model.prefix(batch, upTo: seam), adaptation: adaptation)
                #expect(try suffix.isBitEqual(to: whole))
                #expect(try !whole.isBitEqual(to: model.hidden(batch)))
            }
        }
    }

    /// The last block runs for the wanted positions alone, unless it is adapted itself.
    @Test(arguments: TinyModel.allCases)
    func wantedPositionsAreThoseOfTheWholeSuffix(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let batch = try TokenBatch(tiny.rows())
        let positions = try Tensor([3, 0, 21], shape: [3])
        for seam in model.sites {
            let prefix = try model.prefix(batch, upTo: seam)
            let adaptation = Recorder([seam], shift: 0.5)
            try withoutGradients {
                let wanted = try model.suffix(prefix, adaptation: adaptation, at: positions)
                let whole = try model.suffix(prefix, adaptation: adaptation)
                    .reshaped([22, -1]).selected(dim: 0, index: positions)
                #expect(wanted.shape == whole.shape)
                let difference = Tolerance.float32.firstDifference(
                    try wanted.floats(), try whole.floats())
                #expect(difference == nil, "cut at \(seam)")
            }
        }
    }

    @Test(arguments: TinyModel.allCases)
    func tapsAreTheInputsOfTheirMaps(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let batch = try TokenBatch(tiny.rows())
        let seam = Site(block: 2, part: .whole)
        let prefix = try model.prefix(batch, upTo: seam, taps: model.sites)
        #expect(Set(prefix.taps.keys) == Set(model.sites))
        for site in model.sites {
            let input = try model.prefix(batch, upTo: site).input
            #expect(try prefix.taps[site]!.isBitEqual(to: input))
        }
    }

    @Test(arguments: TinyModel.allCases)
    func storedRowsRebuildABatch(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let seam = Site(block: 1, part: .expansion)
        let tap = Site(block: 0, part: .contraction)
        let prefix = try model.prefix(TokenBatch(tiny.rows()), upTo: seam, taps: [tap])
        let stored = try [0, 1].map { try prefix.rows([$0]) }
        #expect(stored.map(\.width) == [4, 11])
        #expect(stored[0].byteCount < stored[1].byteCount)

        let rebuilt = try PrefixActivations.joined(stored)
        #expect(rebuilt.lengths == [4, 11])
        #expect(rebuilt.taps[tap]?.shape == prefix.taps[tap]?.shape)
        let hidden = try withoutGradients { try model.suffix(rebuilt).last(of: [4, 11]) }
        let whole = try withoutGradients { try model.suffix(prefix).last(of: [4, 11]) }
        #expect(Tolerance.float32.firstDifference(try hidden.floats(), try whole.floats()) == nil)
    }

    @Test func nothingInAPrefixWantsGradients() throws {
        let model = try TinyModel.gpt2.load()
        for (_, tensor) in model.parameters { try tensor.requireGradient() }
        let prefix = try model.prefix(
            TokenBatch([[1, 2]]), upTo: Site(block: 1, part: .expansion))
        for tensor in [prefix.residual, prefix.input, prefix.output] {
            #expect(!tensor.requiresGradient)
        }
    }

    @Test func aSiteThatDoesNotExistIsNamed() throws {
        let model = try TinyModel.gpt2.load()
        let batch = try TokenBatch([[1]])
        let low = Site(block: 0, part: .expansion)
        #expect(throws: ModelError.self) {
            try model.prefix(batch, upTo: Site(block: 3, part: .expansion))
        }
        #expect(throws: ModelError.self) {
            try model.prefix(batch, upTo: low, taps: [Site(block: 0, part: .contraction)])
        }
    }
}
