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
    cpuModel = read("/proc/cpuinfo").flatMap(CPUModel.name) ?? "not known"
    affinity = read("/proc/self/status").flatMap(CPUAffinity.count(inStatus:))
    quota = CPUQuota.limits(ofGroups: read("/proc/self/cgroup") ?? "", read: read).min()
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
