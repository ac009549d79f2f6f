/// The special tokens that stand around every text.
struct PostProcessor: Sendable {
    /// Ids before the text.
    var before: [Int] = []
    /// Ids after it.
    var after: [Int] = []

    /// Adds nothing.
    static let none = PostProcessor()

    init() {}

    /// The post-processor of a tokenizer file.
    init(_ file: Component) throws {
        for step in try file.flattened("processors") {
            switch try step.type() {
            // ByteLevel moves offsets, which nobody here asks for.
            case "ByteLevel": continue
            case "TemplateProcessing": try addTemplate(step)
            case let type:
                throw step.unsupported(
                    "a post-processor of type \(type)",
                    known: "known post-processors: ByteLevel, TemplateProcessing, Sequence")
            }
        }
    }

    private mutating func addTemplate(_ file: Component) throws {
        var before: [Int] = []
        var after: [Int] = []
        var texts = 0
        for item in try file.list("single") {
            if item.optional("Sequence") != nil {
                texts += 1
            } else {
                let name = try item.required("SpecialToken").text("id")
                let ids = try Self.ids(of: name, file)
                if texts == 0 { before += ids } else { after += ids }
            }
        }
        guard texts == 1 else {
            throw file.unsupported(
                "a template with the text \(texts) times", known: "it must stand there once")
        }
        self.before = before + self.before
        self.after += after
    }

    private static func ids(of name: String, _ file: Component) throws -> [Int] {
        let token = try file.required("special_tokens").required(name)
        return try token.list("ids").map { element in
            guard let id = element.json.integer, id >= 0 else {
                throw element.mistake("a token id")
            }
            return id
        }
    }
}
