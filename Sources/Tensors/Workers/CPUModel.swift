/// What the CPU is called.
package enum CPUModel {
  /// The first model name in the text of `/proc/cpuinfo`, or what the first ARM core says of itself; nil where there is
  /// neither.
  package static func name(inInformation text: String) -> String? {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 1).map { $0.trimming(\.isWhitespace) }
      if fields.count == 2, !fields[1].isEmpty, values[fields[0]] == nil { values[fields[0]] = fields[1] }
    }
    if let model = values["model name"] ?? values["Model"] ?? values["cpu model"] { return model }
    guard let implementer = values["CPU implementer"], let part = values["CPU part"] else { return nil }
    return "implementer \(implementer), part \(part)"
  }
}

extension Substring {
  /// Without the characters at both ends that a condition holds for.
  fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> String {
    guard let first = firstIndex(where: { !isTrimmed($0) }), let last = lastIndex(where: { !isTrimmed($0) }) else {
      return ""
    }
    return String(self[first...last])
  }
}
