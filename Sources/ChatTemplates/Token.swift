/// A piece of a template, and the line on which it begins.
struct Token {
    enum Kind: Equatable {
        /// What stands between tags, to be printed as it is.
        case text(Text)
        /// `{{` and `}}`.
        case printBegin, printEnd
        /// `{%` and `%}`.
        case tagBegin, tagEnd
        case name(String)
        case string(Text)
        case integer(Int)
        case float(Double)
        case symbol(String)
        /// The end of the template.
        case end
    }

    let kind: Kind
    let line: Int

    /// What a reader of an error message calls it.
    var described: String {
        switch kind {
        case .text: "text"
        case .printBegin: "`{{`"
        case .printEnd: "`}}`"
        case .tagBegin: "`{%`"
        case .tagEnd: "`%}`"
        case .name(let name): "`\(name)`"
        case .string: "a string"
        case .integer, .float: "a number"
        case .symbol(let symbol): "`\(symbol)`"
        case .end: "the end of the template"
        }
    }
}
