import ChatTemplates
import Testing

/// Templates with a few random changes: they render or fail with a sentence, and never crash.
@Suite struct MutationTests {
    private static let pieces = [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", "'", "\"", "\\",
        "|", ".", ",", ":", "=", "~", " if ", " else ", " is ", " not ", " in ", "for", "endfor",
        "set ", "loop", "messages", "9", "0x", "1e9", "\n", " ", "\u{0}", "é", "\u{10FFFF}", "**",
        "{% endif %}", "{% break %}", "{% raw %}", "{% macro m(a) %}", "{{ m(m) }}", "namespace()",
        "|tojson", "|map('", "[::-1]", ".items()", ".split(", "|join", "range(9)", " * 99999",
    ]

    @Test func surviveRandomChanges() throws {
        let fixture = try RecordedTests.fixture.get()
        let sources = fixture.templates.sorted { $0.key < $1.key }.map {
            Array($0.value.unicodeScalars)
        }
        let messages = ["system", "user", "assistant"].map {
            ChatTemplate.Message(role: $0, content: "a </think> b")
        }
        var generator = SplitMix64(state: 7)
        for _ in 0..<20_000 {
            var source = sources.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                Self.change(&source, using: &generator)
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: source)
            do {
                _ = try ChatTemplate(String(view)).render(messages, bosToken: "<s>")
            } catch let error as ChatTemplateError {
                #expect(!error.message.isEmpty)
            }
        }
    }

    /// Puts in a piece, takes some out, or repeats some.
    private static func change(
        _ source: inout [Unicode.Scalar], using generator: inout SplitMix64
    ) {
        let start = Int.random(in: 0...source.count, using: &generator)
        let end = min(source.count, start + Int.random(in: 0...20, using: &generator))
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: source.removeSubrange(start..<end)
        case 1: source.insert(contentsOf: source[start..<end], at: start)
        default:
            let piece = pieces.randomElement(using: &generator) ?? ""
            source.insert(contentsOf: piece.unicodeScalars, at: start)
        }
    }
}

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
