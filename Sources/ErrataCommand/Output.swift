import Foundation

/// What goes to standard output and standard error.
enum Output {
    /// Writes to standard output, unbuffered, so that a stream of tokens is seen as it grows.
    ///
    /// A reader that has gone ends the program quietly; any other fault ends it with a sentence.
    static func text(_ text: String) {
        guard let fault = write(text, to: STDOUT_FILENO) else { return }
        if fault == EPIPE { exit(0) }
        note("standard output cannot be written: \(String(cString: strerror(fault))).")
        exit(Exit.failed)
    }

    /// A line on standard output.
    static func line(_ line: String = "") { text(line + "\n") }

    /// `value` on standard output, keys in alphabetical order.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A sentence on standard error.
    static func note(_ sentence: String) {
        _ = write("errata: \(sentence)\n", to: STDERR_FILENO)
    }

    /// The number of the fault that stopped the writing; nil when all is written.
    static func write(_ text: String, to descriptor: Int32) -> Int32? {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                #if canImport(Glibc)
                    let count = Glibc.write(
                        descriptor, bytes.baseAddress! + done, bytes.count - done)
                #else
                    let count = Darwin.write(
                        descriptor, bytes.baseAddress! + done, bytes.count - done)
                #endif
                if count < 0 && errno != EINTR { return errno }
                done += max(0, count)
            }
            return nil
        }
    }
}

extension Double {
    /// With `digits` after the point.
    func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }

    /// As seconds, with as many digits as matter: `0.034`, `2.41`, `125`.
    var seconds: String { fixed(self < 1 ? 3 : self < 100 ? 2 : 0) + " s" }
}

extension Int {
    /// `1 edit`, `2 edits`.
    func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
