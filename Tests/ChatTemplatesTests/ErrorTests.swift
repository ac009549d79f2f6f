import ChatTemplates
import Testing

/// Wrong templates: one sentence with the line, what was expected and what came.
@Suite struct ErrorTests {
    private func complaint(_ source: String) -> String {
        do {
            return try "no error but " + ChatTemplate(source).render([])
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("a\n{{ b", "line 2 of the chat template: expected `}}` at the end of a tag, got the end"),
        ("{% if a", "expected `%}` at the end of a tag, got the end of the template."),
        ("{# a", "expected `#}` at the end of a comment, got the end of the template."),
        ("{% raw %}a", "expected `{% endraw %}` after `{% raw %}`, got the end of the template."),
        ("{{ 'a", "expected `'` at the end of a string, got the end of the template."),
        ("{{ '\\u12' }}", "expected 4 hexadecimal digits in an escape, got 2."),
        ("{{ '\\ud800' }}", "expected a character that exists in an escape, got number d800."),
        ("{{ '\\N{DASH}' }}", "expected a character by its number, as in `\\u00e9`, got one by"),
        ("{{ a $ b }}", "expected a name, a value or a sign, got `$`."),
        ("{{ (a] }}", "expected `)`, got `]`."),
        ("{{ a) }}", "expected no closing bracket, got `)`."),
        (
            "{{ 99999999999999999999 }}",
            "expected a whole number of at most 64 bits, got a larger one."
        ),
        (
            "{% if true %}\n\nx",
            "line 3 of the chat template: expected `{% elif %}` or `{% else %}`"
        ),
        ("{% endif %}", "expected a statement such as `if`, `for` or `set`, got `endif`."),
        ("{% include 'x' %}", "expected statements that chat templates use, got `include`."),
        ("{% for x of y %}", "expected `in`, got `of`."),
        ("{% for x in y recursive %}", "expected a loop that is not recursive, got `recursive`."),
        ("{% break %}", "expected a loop around `break`, got `break`."),
        ("{% set 1 = 2 %}", "expected a name to assign to, got a number."),
        (
            "{% macro m(a=1, b) %}",
            "expected a default for `b`, as for the parameter before it, got"
        ),
        (
            "{{ f(a=1, 2) }}",
            "expected an argument with its name, as the one before it, got a number"
        ),
        ("{{ a b }}", "expected `}}`, got `b`."), ("{{ }}", "expected a value, got `}}`."),
        ("{{ [1 2] }}", "expected `,` or `]`, got a number."),
        ("{{ x is odd is even }}", "expected `and` between two tests, got `is`."),
    ])
    func namesWhatDoesNotParse(_ source: String, _ message: String) {
        #expect(complaint(source).contains(message))
    }

    @Test(arguments: [
        (
            "{% if true %}\n{{ a.b }}{% endif %}",
            "line 2 of the chat template: expected something that"
        ),
        ("{{ a.b }}", "expected something that has `.b`, got `a`, which is undefined."),
        ("{{ [1][2].x }}", "got an element of a list, which is undefined."),
        ("{{ {}.x() }}", "expected something to call, got `x` of a mapping, which is undefined."),
        (
            "{{ 'a' + 1 }}",
            "expected numbers, or what else goes together, on both sides of `+`, got a"
        ),
        ("{{ 1 // 0 }}", "expected a divisor other than 0, got 0."),
        ("{{ 2 ** 99 }}", "expected whole numbers of at most 64 bits, got a larger one."),
        ("{{ 1 < 'a' }}", "expected two numbers, two strings or two lists to put in order, got a"),
        ("{{ 1 in 2 }}", "expected something that can hold a number, got a number."),
        ("{% for x in 5 %}{% endfor %}", "expected something to go through, got a number."),
        ("{% set a, b = [1] %}", "expected 2 values to assign, got 1."),
        ("{% set ns.a = 1 %}", "expected `ns` to be a namespace to set `a` of, got `ns`, which is"),
        (
            "{{ namespace(_a=1) }}",
            "expected names without `_` at the start in a namespace, got `_a`"
        ),
        ("{{ 'a'|nope }}", "expected a filter that chat templates use, got `nope`."),
        ("{{ 'a' is nope }}", "expected a test that chat templates use, got `nope`."),
        ("{{ 'a'|upper(1) }}", "expected at most 0 arguments for `upper`, got 1."),
        (
            "{{ 'a'|default(x=1) }}",
            "expected arguments of `default` by their names and once, got `x`"
        ),
        ("{{ 'a'|replace('a') }}", "expected `new` for `replace`, got no such argument."),
        ("{{ 5|length }}", "expected something with a length, got a number."),
        ("{{ [1]|map('upper') }}", "got an iterator; add the filter `list`."),
        ("{{ range }}", "expected something that prints, got a function."),
        ("{{ range|tojson }}", "expected what JSON can hold, got a function."),
        ("{{ {[]: 1} }}", "expected a key such as a string, got a list."),
        ("{{ range(100001) }}", "expected at most 100000 numbers in a range, got more."),
        ("{{ ','.join([1]) }}", "expected a string for `join`, got a number."),
    ])
    func namesWhatDoesNotRender(_ source: String, _ message: String) {
        #expect(complaint(source).contains(message))
    }

    @Test func tellsARefusalFromAMistake() throws {
        let template = try ChatTemplate("{{ raise_exception('no ' ~ messages[0].role) }}")
        let refusal = try #require(throws: ChatTemplateError.self) {
            try template.render([.init(role: "system", content: "")])
        }
        #expect(refusal.isRefusal && refusal.message == "no system")
        let mistake = try #require(throws: ChatTemplateError.self) { try template.render([]) }
        #expect(!mistake.isRefusal)
    }

    @Test func rendersTheSameEachTime() throws {
        let template = try ChatTemplate("{% set x = (x or 0) + 1 %}{{ x }}{{ messages|length }}")
        let messages = [ChatTemplate.Message(role: "user", content: "a")]
        #expect(try template.render(messages) == "11")
        #expect(try template.render(messages) == "11")
    }
}
