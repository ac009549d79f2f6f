package import Foundation

/// A folder with the released files of the general tasks, each in a folder of its own.
package struct TaskFolder: Sendable {
    /// Where it is.
    package let url: URL

    /// The folder at `url`.
    ///
    /// - Throws: `EvaluationError` where there is none.
    package init(_ url: URL) throws {
        guard (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true else {
            throw EvaluationError(
                "Expected a folder of tasks at \(url.path), but there is none; give one that holds "
                    + "\(GeneralTask.gsm8k.path) and the like.")
        }
        self.url = url
    }

    /// What `task` asks about the first `limit` records, or about all.
    ///
    /// Every record is read, so that a damaged file is noticed however few are asked.
    ///
    /// - Throws: `EvaluationError` in one sentence that names the file and the place.
    package func items(of task: GeneralTask, limit: Int? = nil) throws -> [TaskItem] {
        let records = try files(of: task).flatMap { try Self.records(of: task, in: $0) }
        let asked = records.prefix(limit ?? records.count).joined()
        return asked.enumerated().map { TaskItem(task: task, index: $0, question: $1) }
    }

    /// The file of `task` with its digest; MuTual's files count as one, in their order.
    ///
    /// - Throws: `EvaluationError` where it cannot be read.
    package func dataFile(of task: GeneralTask) throws -> Manifest.DataFile {
        let data = try files(of: task).map(Self.contents).reduce(Data(), +)
        return Manifest.DataFile(name: task.path, digest: sha256(data))
    }

    private static func records(of task: GeneralTask, in file: URL) throws -> [[Question]] {
        let data = try contents(of: file)
        do {
            let records = try task.records(in: data.withoutByteOrderMark)
            if records.isEmpty { throw EvaluationError("it holds no record.") }
            return records
        } catch {
            throw EvaluationError("The task file \(file.path) cannot be used: \(error)")
        }
    }

    private static func contents(of file: URL) throws -> Data {
        guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else {
            throw EvaluationError(
                "The task file \(file.path) cannot be read; is it there, and is it a file?")
        }
        return data
    }

    private func files(of task: GeneralTask) throws -> [URL] {
        let place = url.appending(path: task.path)
        return task == .mutual ? try Self.dialogues(in: place) : [place]
    }

    /// MuTual's `dev_1.txt`, `dev_2.txt` and on, in the order of their numbers.
    private static func dialogues(in folder: URL) throws -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let numbered = names.compactMap { name in
            name.wholeMatch(of: /dev_(\d{1,9})\.txt/).map { (number: Int($0.1)!, name: name) }
        }
        guard !numbered.isEmpty else {
            throw EvaluationError(
                "The task folder \(folder.path) holds no dialogue; expected dev_1.txt and on.")
        }
        return numbered.sorted { $0.number < $1.number }.map { folder.appending(path: $0.name) }
    }
}
