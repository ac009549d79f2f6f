import ArgumentParser
import Errata
import Foundation

/// What every manifest says of how a result was made.
enum Provenance {
    /// The command line. Paths are of this machine; the names are what another one can use.
    static var command: [String] {
        ["errata"]
            + CommandLine.arguments.dropFirst().map {
                $0.contains("/") ? URL(filePath: $0).lastPathComponent : $0
            }
    }

    /// The versions of what computes.
    static func versions(of model: EditableModel) -> [String: String] {
        ["errata": RootCommand.configuration.version, "torch": model.engineVersion]
    }
}
