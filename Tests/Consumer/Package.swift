// swift-tools-version: 6.3

import PackageDescription

/// A package that depends on this one as a user's would: built in release and run by `make consumer`, which compares what it
/// prints with README.md. Its main program is README's example.
let package = Package(
  name: "consumer",
  dependencies: [.package(name: "attention", path: "../..")],
  targets: [
    .executableTarget(
      name: "Consumer",
      dependencies: [.product(name: "Attention", package: "attention")])
  ],
  swiftLanguageModes: [.v6]
)
