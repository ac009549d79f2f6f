import Foundation

/// How a run ended, for every rank alike.
struct Ending: Codable, Equatable, Sendable {
    /// Nil where all is done; else what to tell the user.
    var failure: String?

    static let complete = Ending(failure: nil)

    static func lostStore(_ place: String) -> Ending {
        Ending(
            failure: "The store at \(place) was lost; what rank 0 had received stands in its "
                + "folder; start the same command again to go on.")
    }

    static func silentLeader(seconds: Double) -> Ending {
        Ending(
            failure: "Rank 0 gave no sign of life for \(seconds) s; what it had received stands in "
                + "its folder; start the same command again to go on.")
    }

    static let stopped = Ending(
        failure: "Rank 0 was stopped; what it had received stands in its folder; start the same "
            + "command again to go on.")

    /// - Throws: `EvaluationError` with the sentence, unless all is done.
    func check() throws {
        if let failure { throw EvaluationError(failure, isFailure: true) }
    }
}

extension Ending {
    /// The ending that `failure` makes for the others; nil stands for none.
    init(of failure: (any Error)?) {
        switch failure {
        case nil: self = .complete
        case is CancellationError: self = .stopped
        case .some(let error): self = Ending(failure: error.sentence)
        }
    }
}

extension Error {
    /// What to tell a user: an error of the system's prints as a list of its fields otherwise.
    var sentence: String {
        let isOfSystem = type(of: self) is NSError.Type || self is CocoaError
        return (self as? any LocalizedError)?.errorDescription
            ?? (isOfSystem ? localizedDescription : "\(self)")
    }
}
