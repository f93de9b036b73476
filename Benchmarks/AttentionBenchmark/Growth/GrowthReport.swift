internal import Reporting

/// Time and scratch against S, and the exponents of their growth.
struct GrowthReport: ResultDocument, Sendable {
  /// One length of one line.
  struct Point: Equatable, Sendable {
    /// The mask's name.
    var mask: String
    var result: CaseResult
    /// Scratch of one worker.
    var workerScratchBytes: Int

    var length: Int { result.labels.keys }
  }

  /// The points of a mask, a path and a number of threads, and what they grow by over the upper half of the lengths.
  struct Line: Equatable, Sendable {
    let mask: String
    let path: String
    let threads: Int
    fileprivate(set) var points: [Point] = []

    fileprivate init(_ point: Point) {
      (mask, path, threads) = (point.mask, point.result.path, point.result.threads)
    }

    /// The upper half of the lengths, of an odd number the greater part.
    var fitted: ArraySlice<Point> { points[(points.count / 2)...] }
    var time: PowerLaw? { Self.law(fitted) { $0.result.median } }
    var scratch: PowerLaw? { Self.law(fitted) { Double($0.workerScratchBytes) } }

    private static func law(_ points: ArraySlice<Point>, _ value: (Point) -> Double?) -> PowerLaw? {
      PowerLaw(points.compactMap { point in value(point).map { (Double(point.length), $0) } })
    }
  }

  /// In order of their first points.
  private(set) var lines: [Line] = []
  var machine: MachineDescription
  /// What was left out.
  var notes: [String] = []

  init(machine: MachineDescription) { self.machine = machine }

  mutating func add(_ point: Point) {
    let own = Line(point)
    let isOwn = { (line: Line) in line.mask == own.mask && line.path == own.path && line.threads == own.threads }
    let index = lines.firstIndex(where: isOwn) ?? lines.endIndex
    if index == lines.endIndex { lines.append(own) }
    lines[index].points.append(point)
  }

  /// Points by length, and within a length as they were measured.
  private var points: [(line: Line, point: Point)] {
    let all = lines.flatMap { line in line.points.map { (line, $0) } }
    return all.enumerated().sorted { ($0.element.1.length, $0.offset) < ($1.element.1.length, $1.offset) }.map(
      \.element)
  }

  var remarks: [String] {
    lines.map { line in
      let lengths = line.fitted.map(\.length)
      let scratch = line.points.map(\.workerScratchBytes)
      let range = "S = \(lengths.first ?? 0) to \(lengths.last ?? 0)"
      let amounts = [scratch.min(), scratch.max()].map { ByteCount($0).description }
      return "\(name(line)): time ∝ S^\(Self.exponent(line.time)) over \(range); scratch of a worker "
        + (amounts[0] == amounts[1] ? "\(amounts[0]) at every S" : "\(amounts[0]) to \(amounts[1]), ")
        + (amounts[0] == amounts[1] ? "" : "∝ S^\(Self.exponent(line.scratch)) over the same")
    } + notes + lines.flatMap { $0.points.map(\.result) }.ceilingRemarks(set: machine.kernelSet)
  }

  private static func exponent(_ law: PowerLaw?) -> String {
    guard let law else { return SignificantFigures.missing }
    let hundredths = (law.exponent * 100).rounded()
    return SignificantFigures(hundredths == 0 ? 0 : law.exponent).description
  }

  /// The path, and the one that the plan took where it chose.
  private static func taken(_ result: CaseResult) -> String {
    guard let planPath = result.planPath, planPath != result.path else { return result.path }
    return "\(result.path): \(planPath)"
  }

  private func name(_ line: Line) -> String {
    let path = Set(lines.map(\.path)).count > 1 ? ", \(line.path)" : ""
    return "\(line.mask)\(path), \(line.threads) thread\(line.threads == 1 ? "" : "s")"
  }

  func table() throws -> Table {
    var table = Table(columns: [
      .init("S", .right), .init("mask"), .init("path"), .init("threads", .right), .init("median ms", .right),
      .init("GFLOP/s", .right), .init("% peak", .right), .init("error", .right), .init("a worker's scratch", .right),
    ])
    for (_, point) in points {
      let result = point.result
      try table.append([
        "\(point.length)", point.mask, Self.taken(result), "\(result.threads)", Cell.milliseconds(result.median),
        Cell.number(result.gigaflops), Cell.number(result.peakShare), Cell.number(result.maxError, digits: 2),
        ByteCount(point.workerScratchBytes).description,
      ])
    }
    return table
  }

  static let keys = [
    "keys", "queries", "heads", "head_size", "mask", "path", "plan_path", "threads", "samples", "median_ms", "min_ms",
    "gflops", "peak_gflops", "peak_percent", "max_error", "worker_scratch_bytes", "time_exponent", "scratch_exponent",
    "blas_core", "blas_library", "kernel_set",
  ]

  var values: [[JSONValue]] {
    points.map { line, point in
      let (result, labels) = (point.result, point.result.labels)
      return [
        .integer(labels.keys), .integer(labels.queries), .integer(labels.heads), .integer(labels.headSize),
        .string(point.mask), .string(result.path), JSONValue(result.planPath), .integer(result.threads),
        .integer(result.samples), JSONValue(result.median.map { $0 * 1000 }),
        JSONValue(result.minimum.map { $0 * 1000 }), JSONValue(result.gigaflops), JSONValue(result.peakGigaflops),
        JSONValue(result.peakShare), .number(result.maxError), .integer(point.workerScratchBytes),
        JSONValue(line.time?.exponent), JSONValue(line.scratch?.exponent),
      ] + machine.values
    }
  }

  /// Time above, scratch below, a line for each mask, path and number of threads.
  var chart: LineChart {
    let lengths = Set(lines.flatMap { $0.points.map(\.length) }).sorted()
    let kinds = lines.map { [$0.mask, $0.path] }
    var hues: [[String]] = []
    for kind in kinds where !hues.contains(kind) { hues.append(kind) }
    let threads = Set(lines.map(\.threads)).sorted()
    func values(_ line: Line, _ value: (Point) -> Double?) -> [Double?] {
      lengths.map { length in line.points.first { $0.length == length }.flatMap(value) }
    }
    return LineChart(
      title: "Growth with S = L", subtitle: "\(subject)\(machine.cpu)", xName: "S", x: lengths.map(Double.init),
      series: zip(lines, kinds).map { line, kind in
        LineChart.Series(
          name: "\(name(line)): S^\(Self.exponent(line.time))", hue: (hues.firstIndex(of: kind) ?? 0) + 1,
          shade: threads.firstIndex(of: line.threads) ?? 0)
      },
      panels: [
        LineChart.Panel(
          unit: "ms a run", height: 300, values: lines.map { values($0) { $0.result.median.map { $0 * 1000 } } }),
        LineChart.Panel(
          unit: "KiB of scratch a worker", height: 90,
          values: lines.map { values($0) { Double($0.workerScratchBytes) / 1024 } }),
      ])
  }

  private var subject: String {
    guard let labels = lines.first?.points.first?.result.labels else { return "" }
    let paths = Set(lines.flatMap { $0.points.compactMap(\.result.planPath) }).sorted().joined(separator: ", ")
    return "\(labels.heads) head\(labels.heads == 1 ? "" : "s") of D = \(labels.headSize), Float, \(paths) path; "
  }
}
