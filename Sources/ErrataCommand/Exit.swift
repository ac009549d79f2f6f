import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// What the user gave cannot be used: one sentence with what was expected, what came, what to do.
struct WrongInput: Error, CustomStringConvertible {
    let description: String
    init(_ sentence: String) { description = sentence }
}

/// What was asked for is right, but could not be done.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ sentence: String) { description = sentence }
}

/// Some transactions are live, and these are not.
struct PartlyRejected: Error, CustomStringConvertible {
    let description: String
    init(transactions count: Int) {
        description =
            "expected every transaction to go live, but \(count.counted("transaction")) did not; "
            + "the report says why, and the others are live."
    }
}

/// Ctrl-C, with what it left behind.
struct Interrupted: Error, CustomStringConvertible {
    let description: String
    init(_ consequence: String) { description = "stopped; \(consequence)" }
}

/// The only place where errors become exit codes and sentences.
enum Exit {
    static let failed: Int32 = 1
    static let wrongInput: Int32 = 2
    static let rejected: Int32 = 3
    static let interrupted: Int32 = 130

    /// 1, 2, 3 or 130, as `errata --help` has them.
    static func code(for error: any Error) -> Int32 {
        switch error {
        case is Interrupted: interrupted
        case let error as EvaluationError: error.isFailure ? failed : wrongInput
        case is WrongInput, is EditError, is ErrataError: wrongInput
        case is Failure: failed
        case is RejectedEdits, is PartlyRejected: rejected
        default: isAboutInput(error) ? wrongInput : failed
        }
    }

    /// The error in one line, whatever made it.
    static func sentence(for error: any Error) -> String {
        let text =
            switch error {
            case let error as any CustomStringConvertible & LocalizedError: error.description
            case is WrongInput, is Failure, is Interrupted, is RejectedEdits, is PartlyRejected:
                "\(error)"
            default: (error as NSError).localizedDescription
            }
        // The engine's own messages may have several lines; the first says what happened.
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? text
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        return trimmed.last.map { ".!?".contains($0) } ?? false ? trimmed : trimmed + "."
    }

    /// Says what happened and ends the program; `--help` and `--version` arrive here too.
    static func end(after error: any Error) -> Never {
        if isOfArguments(error) { endParsing(error) }
        Output.note(sentence(for: error))
        exit(code(for: error))
    }

    private static func isOfArguments(_ error: any Error) -> Bool {
        // ArgumentParser wraps what it finds wrong in a type of its own, which is not public.
        String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }

    private static func endParsing(_ error: any Error) -> Never {
        guard RootCommand.exitCode(for: error) != .success else {
            Output.text(RootCommand.fullMessage(for: error) + "\n")
            exit(0)
        }
        let words = CommandLine.arguments.dropFirst()
        let names = RootCommand.configuration.subcommands.map { $0._commandName }
        let command = words.first.flatMap { names.contains($0) ? " " + $0 : nil } ?? ""
        let message = RootCommand.message(for: error).split(whereSeparator: \.isNewline)
            .joined(separator: " ").replacing(". Please", with: "; please")
            .trimmingCharacters(in: CharacterSet(charactersIn: ". "))
        Output.note("\(message); see `errata\(command) --help`.")
        exit(wrongInput)
    }
}
