import Foundation

// Runs one half of the comparison with the Python packages; the scripts in `reference` start it.
do {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "tokenizers": try TokenizerParity.run(arguments.dropFirst())
    case "logits": try LogitsParity.run(arguments.dropFirst())
    default:
        throw ParityError(
            "expected: errata-parity tokenizers FOLDER TOKENIZER PASSES, or logits FOLDER")
    }
} catch {
    FileHandle.standardError.write(Data("errata-parity: \(error)\n".utf8))
    exit(1)
}
