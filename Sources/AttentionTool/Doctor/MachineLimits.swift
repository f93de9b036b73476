internal import Attention

/// The CPU, and how much of it this process may use.
struct MachineLimits: Sendable {
  let cpuModel: String
  /// The CPUs of the affinity mask; nil: not known.
  let affinity: Int?
  /// The cgroup's quota in CPUs, rounded up; nil: unlimited.
  let quota: Int?

  /// - Parameter read: gives a file of `/proc` or `/sys`, or nil where there is none.
  init(read: (String) -> String?) {
    cpuModel = Self.cpuModel(read("/proc/cpuinfo") ?? "")
    affinity = read("/proc/self/status").flatMap(CPUAffinity.count(inStatus:))
    quota = CPUQuota.limits(ofGroups: read("/proc/self/cgroup") ?? "", read: read).min()
  }

  /// The first model name (x86), or what ARM cores say of themselves.
  private static func cpuModel(_ cpuinfo: String) -> String {
    var values: [String: String] = [:]
    for line in cpuinfo.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 1).map { $0.trimming { $0.isWhitespace } }
      if fields.count == 2, values[fields[0]] == nil { values[fields[0]] = fields[1] }
    }
    if let model = values["model name"] ?? values["Model"] ?? values["cpu model"] { return model }
    if let implementer = values["CPU implementer"], let part = values["CPU part"] {
      return "implementer \(implementer), part \(part)"
    }
    return "not known"
  }

  var limits: String {
    let cpus = affinity.map { "\($0) CPU\($0 == 1 ? "" : "s") by affinity" } ?? "affinity not known"
    return cpus + (quota.map { ", \($0) by the cgroup's quota" } ?? ", no cgroup quota")
  }

  /// What decides the number of workers.
  var reason: String {
    guard let quota, quota < affinity ?? .max else { return "from the affinity mask" }
    return "from the cgroup's quota"
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
