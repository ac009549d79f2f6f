// swift-tools-version: 6.2
import PackageDescription

/// The engine that Scripts/bootstrap installs; a package that depends on Errata sets LIBTORCH.
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch"

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func target(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// Fixtures are found beside the tests' sources, so that nothing has to be bundled.
func tests(
    _ target: String, _ dependencies: Target.Dependency..., fixtures: Bool = false
) -> Target {
    .testTarget(
        name: "\(target)Tests",
        dependencies: [.target(name: target), "TestSupport"] + dependencies,
        exclude: fixtures ? ["Fixtures"] : [], swiftSettings: swiftSettings)
}

let package = Package(
    name: "errata",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "errata", targets: ["ErrataCommand"]),
        .executable(name: "errata-parity", targets: ["ParityCheck"]),
        .library(name: "Errata", targets: ["Errata", "Edits"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(
            name: "CTorch",
            cxxSettings: [
                .unsafeFlags([
                    "-isystem\(libtorch)/include",
                    "-isystem\(libtorch)/include/torch/csrc/api/include",
                    "-Wall", "-Wextra", "-Werror",
                ])
            ],
            linkerSettings: [
                .unsafeFlags([
                    "-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib",
                ]),
                .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
            ]),
        target("Torch", "CTorch"),
        target("Tokenizers"),
        target("ChatTemplates"),
        target("LanguageModels", "Torch"),
        target("Edits"),
        target(
            "EditStorage", "Edits", .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "GRDBSQLite", package: "GRDB.swift")),
        target("Figures"),
        target("Editing", "Edits", "Torch", "LanguageModels", "Tokenizers"),
        target(
            "Errata", "ChatTemplates", "Edits", "EditStorage", "Editing", "LanguageModels",
            "Tokenizers", "Torch",
            .product(name: "Crypto", package: "swift-crypto")),
        target(
            "Evaluation", "Edits", "Errata", "Figures", "Torch",
            .product(name: "Crypto", package: "swift-crypto")),
        target(
            "EditServer", "Edits", "Errata", "Figures",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HummingbirdTLS", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOFoundationCompat", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")),
        .executableTarget(
            name: "ErrataCommand",
            dependencies: [
                "Edits", "EditServer", "Errata", "Evaluation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: swiftSettings),
        .executableTarget(
            name: "ParityCheck", dependencies: ["Tokenizers", "LanguageModels", "Torch"],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Edits", "Editing", "LanguageModels", "Tokenizers", "Torch",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks", exclude: ["README.md"], swiftSettings: swiftSettings),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("Torch", fixtures: true),
        tests("Tokenizers", fixtures: true),
        tests("ChatTemplates", fixtures: true),
        tests("LanguageModels", "Torch", fixtures: true),
        tests("Edits"),
        tests("EditStorage", "Edits", .product(name: "GRDB", package: "GRDB.swift")),
        tests("Figures", "Edits", fixtures: true),
        tests(
            "Editing", "Edits", "Torch", "LanguageModels", "Tokenizers", fixtures: true),
        tests("Errata", "Edits", "EditStorage", "Editing"),
        tests("Evaluation", "Edits", "Errata", "Figures", fixtures: true),
        tests(
            "EditServer", "Edits", "Errata",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras")),
        tests("ErrataCommand"),
    ],
    cxxLanguageStandard: .cxx20
)
