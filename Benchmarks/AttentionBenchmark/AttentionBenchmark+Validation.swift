internal import ArgumentParser
internal import Attention
internal import Foundation

extension AttentionBenchmark {
  /// That options are in range and fit each other.
  func check() throws {
    let problems = try cases()
    try checkMode(problems)
    let limit = FanOut.concurrentCallers
    for count in threads where !(1...limit).contains(count) {
      throw ValidationError("--threads is \(count): expected 1 to \(limit)")
    }
    guard (1...10_000).contains(samples) else {
      throw ValidationError("--samples is \(samples): expected 1 to 10000")
    }
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds is \(seconds): expected more than 0, at most 3600")
    }
    try Self.checkWritable(output, option: "--output")
    try Self.checkWritable(svg, option: "--svg")
    if let export {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: export, isDirectory: &isFolder)
      guard exists, isFolder.boolValue, FileManager.default.isWritableFile(atPath: export) else {
        throw ValidationError("--export is \(export): expected a folder that can be written to")
      }
    }
  }

  /// Minutes of measuring should not end in a file that can't be written.
  private static func checkWritable(_ path: String?, option: String) throws {
    guard let path else { return }
    let file = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
    let folder = file.deletingLastPathComponent().path
    guard !(exists && isFolder.boolValue), FileManager.default.isWritableFile(atPath: folder) else {
      throw ValidationError("\(option) is \(path): expected a file in a folder that can be written to")
    }
  }

  /// That options fit `--ladder` or `--growth`, and each other.
  private func checkMode(_ problems: [BenchmarkCase]) throws {
    try growthArguments.check(isGrowth: growth)
    guard ladder || growth else { return }
    let mode = ladder ? "--ladder" : "--growth"
    guard !(ladder && growth) else { throw ValidationError("--ladder and --growth: expected one of them") }
    guard !alone else { throw ValidationError("--alone: expected without \(mode)") }
    if let export { throw ValidationError("--export is \(export): expected without \(mode)") }
    if ladder {
      if let path = path.first {
        throw ValidationError("--path is \(path.rawValue): expected without --ladder, which has its own steps")
      }
      for case .layer(let layer) in problems {
        throw ValidationError("\(layer.name) is a layer: expected attention cases with --ladder")
      }
    } else {
      if path.contains(.unrolled) {
        throw ValidationError("--path is unrolled: expected a path of the package with --growth")
      }
      for (option, values) in [("--case", caseName), ("--shape", shape), ("--layer", layer)] {
        if let value = values.first {
          throw ValidationError("\(option) is \(value): expected without --growth, which has its own shapes")
        }
      }
    }
  }
}
