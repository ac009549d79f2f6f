// swift-tools-version: 6.2
import PackageDescription

/// The engine that Scripts/bootstrap installs; a package that depends on Errata sets LIBTORCH.
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch"

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "errata",
    platforms: [.macOS(.v15)],
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
                .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
                .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
            ]),
        .target(name: "Torch", dependencies: ["CTorch"], swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx20
)
