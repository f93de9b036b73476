// swift-tools-version: 6.3

import PackageDescription

/// Language features that every Swift target is built with.
let features: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "attention",
  products: [
    .library(name: "Attention", targets: ["Tensors", "Attention"]),
    .library(name: "Checkpoints", targets: ["Checkpoints"]),
    .library(name: "Factorizations", targets: ["Factorizations"]),
    .executable(name: "attention", targets: ["AttentionTool"]),
    .executable(name: "attention-benchmark", targets: ["AttentionBenchmark"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"]), .brew(["lapack"])]),
    .target(name: "CKernels"),
    .target(name: "Tensors", dependencies: ["COpenBLAS", "CKernels"], swiftSettings: features),
    .target(name: "Attention", dependencies: ["Tensors"], swiftSettings: features),
    .target(name: "Checkpoints", dependencies: ["Tensors"], swiftSettings: features),
    .target(
      name: "Factorizations", dependencies: ["Attention", "Tensors", "CLAPACKE"], swiftSettings: features),
    .target(name: "Reporting", swiftSettings: features),
    .target(name: "ONNXConventions", dependencies: ["Attention", "Tensors"], swiftSettings: features),
    .executableTarget(
      name: "AttentionTool",
      dependencies: ["Attention", "Checkpoints", "ONNXConventions", "Reporting", argumentParser],
      swiftSettings: features),
    .target(name: "CRoofline", path: "Benchmarks/CRoofline"),
    .executableTarget(
      name: "AttentionBenchmark", dependencies: ["Attention", "Checkpoints", "CRoofline", "Reporting", argumentParser],
      path: "Benchmarks/AttentionBenchmark", swiftSettings: features),

    .target(
      name: "Support", dependencies: ["Attention", "Checkpoints"], path: "Tests/Support", swiftSettings: features),
    .target(
      name: "Conformance", dependencies: ["Attention", "Checkpoints", "ONNXConventions", "Reporting", "Support"],
      path: "Tests/Conformance/Conformance", swiftSettings: features),
    .executableTarget(
      name: "ConformanceRunner", dependencies: ["Conformance"], path: "Tests/Conformance/ConformanceRunner",
      swiftSettings: features),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .testTarget(
      name: "CKernelsTests", dependencies: ["CKernels", "Support"], swiftSettings: features),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "Support"], swiftSettings: features),
    .testTarget(
      name: "AttentionTests", dependencies: ["Attention", "Checkpoints", "Support", "AllocationCounter"],
      swiftSettings: features),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "Support"], swiftSettings: features),
    .testTarget(
      name: "FactorizationsTests", dependencies: ["Factorizations", "Attention", "Support"],
      swiftSettings: features),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting"], swiftSettings: features),
    .testTarget(
      name: "AttentionToolTests",
      dependencies: ["AttentionTool", "Attention", "Checkpoints", "ONNXConventions", "Reporting", "Support"],
      exclude: ["Expected"], swiftSettings: features),
    .testTarget(
      name: "ONNXConventionsTests", dependencies: ["ONNXConventions", "Attention", "Tensors"],
      swiftSettings: features),
    .testTarget(
      name: "ConformanceTests", dependencies: ["Conformance", "Checkpoints", "Support", "Tensors"],
      swiftSettings: features),
    .testTarget(
      name: "AttentionBenchmarkTests",
      dependencies: ["AttentionBenchmark", "Attention", "Checkpoints", "CRoofline", "Reporting", "Support"],
      swiftSettings: features),
  ],
  swiftLanguageModes: [.v6]
)

// The documentation's build alone needs this plugin (`make docs`), so that nobody who depends on the package fetches it.
if Context.environment["ATTENTION_DOCS"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
