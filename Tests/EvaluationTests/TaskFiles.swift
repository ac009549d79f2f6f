import Foundation

@testable import Evaluation

/// Invented records in the released formats, in a folder that is gone when the test is.
final class TaskFiles {
    let url = FileManager.default.temporaryDirectory.appending(path: "tasks-\(UUID().uuidString)")

    /// A small file for each task.
    init() throws {
        try write(
            .gsm8k,
            #"{"question": "Two boats and 3 oars?", "answer": "2+3=<<2+3=5>>5\n#### 1,005"}"# + "\n"
                + #"{"question": "Why  not?", "answer": "No.\n#### -3"}"# + "\n")
        try write(
            .rte,
            "index\tsentence1\tsentence2\tlabel\n0\tAda \"rows.\tAda moves.\tentailment\n"
                + "1\tBo sits.\tBo stands.\tnot_entailment\n")
        try write(
            .nq,
            #"{"question": "who rows?", "answer": ["Ada Lind", "The Cox"], "#
                + #""output": ["\n\nAda."]}"#)
        try write(
            .boolq,
            #"{"question": "is it wet", "title": "Lake", "answer": true, "passage": "A lake."}"#
                + "\n"
                + #"{"question": "is it dry", "title": "Lake", "answer": false, "passage": "B."}"#)
        for (name, letter) in [("dev_10.txt", "D"), ("dev_2.txt", "B")] {
            try write(
                .mutual,
                #"{"answers": "\#(letter)", "options": ["m : a .", "b", "c", "d"], "#
                    + #""article": "f : hi .", "id": "dev"}"#, as: name)
        }
        try write(
            .samsum,
            "[\n {\"id\": \"1\", \"summary\": \"Ada rows.\", \"dialogue\": \"A: Hi\\r\\nB: Ho \"}]")
        try write(
            .conll03,
            "-DOCSTART- -X- -X- O\n\nAda NNP B-NP B-PER\nLind NNP I-NP I-PER\n, , O O\n"
                + "Karst NNP B-NP B-LOC\nVelden NNP B-NP B-LOC\n. . O O\n\n"
                + "Rowers NNP B-NP B-ORG\n")
        try write(.sst2, "sentence\tlabel\nit 's a \"lake \t1\nflat \t0\n")
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Puts `text` where `task` looks for it, or for one of its files called `name`.
    func write(_ task: GeneralTask, _ text: String, as name: String? = nil) throws {
        var file = url.appending(path: task.path)
        if let name { file.append(path: name) }
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func items(_ task: GeneralTask, limit: Int? = nil) throws -> [TaskItem] {
        try TaskFolder(url).items(of: task, limit: limit)
    }
}
