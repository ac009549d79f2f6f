import ChatTemplates
import Foundation
import Synchronization
import Testing

/// Hostile templates: each fails with one sentence, soon, and in the stack of a small thread.
@Suite struct BoundsTests {
    /// What comes of `source` in a thread with half the stack of the smallest that renders.
    private func outcome(_ source: String, _ content: String = "") -> String {
        let outcome = Mutex("")
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            do {
                let messages = [ChatTemplate.Message(role: "user", content: content)]
                let text = try ChatTemplate(source).render(messages)
                outcome.withLock { $0 = text }
            } catch {
                outcome.withLock { $0 = "\(error)" }
            }
            done.signal()
        }
        thread.stackSize = 256 << 10
        thread.start()
        done.wait()
        return outcome.withLock { $0 }
    }

    @Test(arguments: [
        ("(", ")"), ("[", "]"), ("{1: ", "}"), ("-", ""), ("not ", ""), ("a(", ")"), ("a[", "]"),
        ("a if b else ", ""), ("a|f(", ")"), ("a is t ", ""), ("a is t(", ")"), ("a and (", ")"),
        ("a ** -", ""), ("a + (b * (c ~ (d < (", "))))"),
    ])
    func boundsNestedExpressions(_ begin: String, _ end: String) {
        let nested = { (depth: Int) in
            "{{ " + String(repeating: begin, count: depth) + "1"
                + String(repeating: end, count: depth) + " }}"
        }
        #expect(outcome(nested(10_000)).contains("expected"))
        // As deep as is allowed is not too deep for the stack either.
        for depth in [20, 40, 60, 63] { _ = outcome(nested(depth)) }
    }

    @Test(arguments: [
        ("{% if true %}", "{% endif %}"), ("{% for x in [1] %}", "{% endfor %}"),
        ("{% set x %}", "{% endset %}"), ("{% with a = 1 %}", "{% endwith %}"),
        ("{% filter upper %}", "{% endfilter %}"), ("{% macro m() %}", "{% endmacro %}{{ m() }}"),
        ("{% generation %}", "{% endgeneration %}"), ("{% for (", ",) in x %}{% endfor %}"),
    ])
    func boundsNestedStatements(_ begin: String, _ end: String) {
        let nested = { (depth: Int) in
            String(repeating: begin, count: depth) + "x" + String(repeating: end, count: depth)
        }
        #expect(outcome(nested(10_000)).contains("expected"))
        for depth in [40, 60, 63] { _ = outcome(nested(depth)) }
    }

    @Test func readsLongChains() {
        let sum = "{{ 0" + String(repeating: " + 1", count: 5000) + " }}"
        #expect(outcome(sum) == "5000")
        let join = "{{ 'a'" + String(repeating: " ~ 'a'|upper", count: 5000) + " }}"
        #expect(outcome(join).count == 5001)
        let branches = String(repeating: "{% elif false %}", count: 5000)
        #expect(outcome("{% if false %}" + branches + "{% else %}x{% endif %}") == "x")
    }

    @Test(arguments: [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ [[[m((n, n))]]] }}{% endmacro %}{{ m(1) }}",
        "{% for a in range(10000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ 'x' * 9223372036854775807 }}", "{{ [1] * 9223372036854775807 }}",
        "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}",
        "{% set ns = namespace(x=1) %}{% for a in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}",
        "{% set ns = namespace(x=1) %}{% for a in range(9999) %}{% set ns.x = {1: ns.x} %}{% endfor %}",
        "{% set ns = namespace(x=[]) %}{% for a in range(9999) %}{% for b in [ns.x] %}"
            + "{% set ns.x = loop %}{% endfor %}{% endfor %}",
        "{% set x = 'a' * 1000000 %}{{ x|replace('a', x) }}",
        "{{ (['a'] * 99999)|join('x' * 9999) }}",
        "{% set x = 'a' * 2000000 %}{{ (x ~ 'b') in (x ~ x) }}",
        "{% set x = 'a' * 4000000 %}{% for a in range(99999) %}{{ 1 if x == 'b' ~ x[1:] }}{% endfor %}",
        "{% set x = range(99999)|list %}{% for a in range(99999) %}{% for b in x %}{% break %}"
            + "{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ 'a'.strip('b' * 100000) }}{% endfor %}",
        "{{ ('a\\n' * 100000)|indent(1000) }}", "{{ ([[1]] * 100000)|tojson(indent=64) }}",
        "{% set x = messages * 100 %}{% for a in range(99999) %}{{ 1 if x == x[:] }}{% endfor %}",
        "{% set x = 'a' * 4000000 %}{% for a in range(99999) %}{{ 1 if x in {} }}{% endfor %}",
        "{% set x = 'a' * 4000000 %}{% for a in range(99999) %}{{ messages[0][x] }}{% endfor %}",
        "{{ dict([('nan'|float, 1)] * 99999) }}", "{{ strftime_now('a\\0b') }}",
        "{{ strftime_now('%c' * 10000) }}", "{{ strftime_now('%999999999d') }}",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
    ])
    func boundsWork(_ source: String) {
        let start = ContinuousClock.now
        #expect(outcome(source, String(repeating: "b", count: 1000)).contains("expected"))
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test(arguments: [("''", ""), ("[]", "[]"), ("()", "()")])
    func makesNothingOfNothingAtOnce(_ nothing: String, _ printed: String) {
        let start = ContinuousClock.now
        #expect(outcome("{{ \(nothing) * 20000000000 }}") == printed)
        #expect(outcome("{{ 20000000000 * \(nothing) }}") == printed)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func leavesRoomForLongConversations() throws {
        let template = try ChatTemplate(
            "{% for m in messages %}{{ '<' + m.role + '>' + m['content']|trim + eos_token }}{% endfor %}"
        )
        let content = String(repeating: "four", count: 2500)
        let messages = (0..<300).map { _ in ChatTemplate.Message(role: "user", content: content) }
        #expect(try template.render(messages, eosToken: "</s>").utf8.count == 300 * 10_010)
        let short = (0..<20_000).map { _ in ChatTemplate.Message(role: "user", content: "a") }
        #expect(try template.render(short, eosToken: "").utf8.count == 20_000 * 7)
    }

    @Test func survivesExtremeNumbers() {
        let least = "(-9223372036854775807 - 1)"
        for source in [
            "\(least) // -1", "\(least) % -1", "-\(least)", "\(least)|abs", "\(least) * -1",
            "'abc'[\(least)]", "'abc'[::\(least)]", "'abc'[\(least):9223372036854775807]",
            "'abc'[::9223372036854775807]", "range(3, 0, \(least))|list", "'a' * \(least)",
            "range(0, 9223372036854775807, 9223372036854775807)|list", "1e308 * 10 // 1",
            "1e999|int",
            "'a'|indent(\(least))", "[1]|tojson(indent=\(least))", "'nan'|float|int", "1e300|int",
        ] {
            _ = outcome("{{ \(source) }}")
        }
    }
}
