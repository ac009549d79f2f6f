package import Foundation

/// Where a text stops being JSON.
package struct JSONFault: Equatable, Sendable {
    /// The line, from 1.
    package let line: Int
    /// The byte in that line, from 1.
    package let column: Int
    /// What should have stood there.
    package let expected: String

    /// The first fault in `data`; nothing where it is well-formed.
    ///
    /// Foundation's parser says only that something is wrong, or names a byte; a person who must
    /// mend the file needs the line.
    package static func first(in data: Data) -> JSONFault? {
        data.withUnsafeBytes { bytes in
            var scanner = Scanner(bytes: bytes.bindMemory(to: UInt8.self))
            do {
                try scanner.value(depth: 0)
                scanner.skipSpace()
                try scanner.require(scanner.byte == nil, "the end of the file")
                return nil
            } catch {
                let before = bytes.prefix(scanner.place)
                let lineStart = (before.lastIndex(of: 0x0A) ?? -1) + 1
                return JSONFault(
                    line: before.count { $0 == 0x0A } + 1,
                    column: scanner.place - lineStart + 1, expected: scanner.expected)
            }
        }
    }

    /// The fault as a clause: *line 3, column 7 should be `:`*.
    package var sentence: String { "line \(line), column \(column) should be \(expected)" }
}

/// Walks over one JSON value and stops at the first byte that cannot stand where it stands.
private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0
    var expected = ""

    struct Fault: Error {}

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

    mutating func require(_ holds: Bool, _ expected: String) throws {
        if !holds {
            self.expected = expected
            throw Fault()
        }
    }

    mutating func skipSpace() {
        while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
    }

    mutating func take(_ character: Character, _ expected: String? = nil) throws {
        skipSpace()
        try require(byte == character.asciiValue, expected ?? "`\(character)`")
        place += 1
    }

    mutating func value(depth: Int) throws {
        skipSpace()
        try require(depth < 512, "less deeply nested")
        switch byte {
        case UInt8(ascii: "{"):
            try members(depth: depth, closing: "}") { scanner in
                scanner.skipSpace()
                try scanner.require(scanner.byte == UInt8(ascii: "\""), "a key in double quotes")
                try scanner.string()
                try scanner.take(":")
                try scanner.value(depth: depth + 1)
            }
        case UInt8(ascii: "["):
            try members(depth: depth, closing: "]") { try $0.value(depth: depth + 1) }
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    mutating func members(
        depth: Int, closing: Character, _ member: (inout Scanner) throws -> Void
    ) throws {
        place += 1
        skipSpace()
        if byte == closing.asciiValue {
            place += 1
            return
        }
        try member(&self)
        skipSpace()
        while byte == UInt8(ascii: ",") {
            place += 1
            try member(&self)
            skipSpace()
        }
        try take(closing, "`,` or `\(closing)`")
    }

    mutating func string() throws {
        place += 1
        while byte != UInt8(ascii: "\"") {
            try require(byte != nil, "the `\"` that ends a text")
            try require(byte! >= 0x20, "no bare control character (write \\n, \\t or \\u00XX)")
            if byte == UInt8(ascii: "\\") {
                place += 1
                try require(
                    byte.map { "\"\\/bfnrtu".utf8.contains($0) } ?? false,
                    "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
            }
            place += 1
        }
        place += 1
    }

    mutating func word(_ word: String) throws {
        for letter in word.utf8 {
            try require(byte == letter, "`\(word)`")
            place += 1
        }
    }

    mutating func number() throws {
        let start = place
        while let byte, "+-.eE0123456789".utf8.contains(byte) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if Double(text) == nil { place = start }
        try require(Double(text) != nil, "a value")
    }
}
