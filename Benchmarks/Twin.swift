import Foundation

/// A method as released, in PyTorch: `reference/speed_twin.py`.
struct Twin {
    let python: String
    let steps: Int
    let options: MeasureOptions

    /// - Parameter rows: rows a step.
    func figures(of method: String, rows: Int, on model: BenchmarkModel) throws -> TwinFigures {
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw BenchmarkError(
                "expected a Python with torch at \(python); run Scripts/bootstrap, or give --python."
            )
        }
        let json = try output(
            of: URL(filePath: python),
            [
                "reference/speed_twin.py", "--method", method, "--dims", model.twinDimensions,
                "--threads", "\(options.threads)", "--rows", "\(rows)",
                "--tokens", "\(options.tokens)", "--steps", "\(steps)",
            ], of: "the twin of \(method)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(TwinFigures.self, from: json)
    }
}
