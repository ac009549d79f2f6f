import Edits
import LanguageModels
import TestSupport
import Testing
import Tokenizers

@testable import Editing

/// Causal tracing against the PyTorch twin, which runs the whole model for every number.
@Suite struct ROMETracingTests {
    @Test(arguments: ["gpt2", "llama"])
    func theCurveMatchesTheTwin(family: String) throws {
        let fixture = try ROMEFixture(family)
        let twin = fixture.document.tracing
        let tokens = fixture.tokenizer.encode(twin.prompt)
        let first = try #require(twin.prompt.firstRange(of: twin.subject)).lowerBound
        let start = twin.prompt[..<first].count
        let curve = try tracing(twin).curve(
            tokens, subject: start...(start + twin.subject.count - 1), model: fixture.model,
            seed: twin.seed)
        #expect(Tolerance.twin.allows(curve.clean, twin.clean))
        #expect(Tolerance.twin.allows(curve.corrupted, twin.corrupted))
        #expect(curve.restored.count == twin.restored.count)
        for (ours, theirs) in zip(curve.restored, twin.restored) {
            #expect(Tolerance.twin.allows(ours, theirs))
        }
        #expect(curve.layer == twin.restored.firstIndex(of: twin.restored.max()!))
    }

    @Test(arguments: ["gpt2", "llama"])
    func promptsAreAveraged(family: String) throws {
        let fixture = try ROMEFixture(family)
        let twin = fixture.document.tracing
        let prompt = (prompt: twin.prompt, subject: twin.subject)
        let tracing = tracing(twin)
        let one = try tracing.trace([prompt], model: fixture.model, tokenizer: fixture.tokenizer)
        let two = try tracing.trace(
            [prompt, prompt], model: fixture.model, tokenizer: fixture.tokenizer)
        #expect(abs(one.clean - two.clean) < 1e-12 && one.corrupted != two.corrupted)
        #expect(one.clean > one.corrupted)
    }

    @Test func withoutNoiseNothingIsLost() throws {
        let fixture = try ROMEFixture("gpt2")
        let twin = fixture.document.tracing
        var tracing = tracing(twin)
        tracing.noise = 0
        let curve = try tracing.trace(
            [(twin.prompt, twin.subject)], model: fixture.model, tokenizer: fixture.tokenizer)
        for value in curve.restored + [curve.corrupted] {
            #expect(Tolerance.float32.allows(value, curve.clean))
        }
    }

    @Test func aPromptWithoutItsSubjectIsRefused() throws {
        let fixture = try ROMEFixture("gpt2")
        let tracing = CausalTracing(seed: 1)
        for prompts in [[], [("Orm is in", "Ud")], [("no, no", "no")], [("Orm", "")]] {
            #expect(throws: EditError.self) {
                try tracing.trace(prompts, model: fixture.model, tokenizer: fixture.tokenizer)
            }
        }
    }

    private func tracing(_ twin: ROMEFixture.Tracing) -> CausalTracing {
        var tracing = CausalTracing(seed: 1)
        (tracing.window, tracing.copies) = (twin.window, twin.copies)
        return tracing
    }
}
