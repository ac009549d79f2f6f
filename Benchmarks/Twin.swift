import Foundation

/// The method as released, in PyTorch: `reference/speed_twin.py`.
struct Twin {
    let python: String
    let steps: Int
    let options: MeasureOptions

    func figures(of model: BenchmarkModel, firstEdited: Int) throws -> TwinFigures {
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw BenchmarkError(
                "expected a Python with torch at \(python); run Scripts/bootstrap, or give --python."
            )
        }
        let json = try output(
            of: URL(filePath: python),
            [
                "reference/speed_twin.py", "--dims", model.twinDimensions,
                "--threads", "\(options.threads)", "--batch", "\(options.rows)",
                "--tokens", "\(options.tokens)", "--steps", "\(steps)",
                "--first-edited", "\(firstEdited)",
            ], of: "the twin")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(TwinFigures.self, from: json)
    }
}
