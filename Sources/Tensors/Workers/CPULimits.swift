internal import Glibc

/// The CPUs that the scheduler may place this process on.
package enum CPUAffinity {
  static var count: Int {
    textFile("/proc/self/status").flatMap(count(inStatus:)) ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// The size of the list after `Cpus_allowed_list:`, such as `0-3,8`; nil when there is none.
  package static func count(inStatus status: String) -> Int? {
    let key = "Cpus_allowed_list:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else { return nil }
    let ranges = line.dropFirst(key.count).filter { !$0.isWhitespace }.split(separator: ",")
    var count = 0
    for range in ranges {
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int32($0) }
      guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, last >= first, first >= 0
      else {
        return nil
      }
      count += Int(last) - Int(first) + 1
    }
    return count > 0 ? count : nil
  }
}

/// The CPU time that control groups grant, in CPUs: OpenBLAS ignores it (OpenMathLib/OpenBLAS #6059), and threads beyond it
/// are stalled rather than run.
package enum CPUQuota {
  /// The least quota on the way from this process's group to the root, rounded up; nil: unlimited.
  static var current: Int? {
    let groups = textFile("/proc/self/cgroup") ?? ""
    return limits(ofGroups: groups, read: textFile).min()
  }

  /// The quotas that apply to the groups which `/proc/self/cgroup` lists.
  package static func limits(ofGroups groups: String, read: (String) -> String?) -> [Int] {
    var limits: [Int] = []
    for line in groups.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isVersion2 = fields[0] == "0" && fields[1].isEmpty
      guard isVersion2 || fields[1].split(separator: ",").contains("cpu") else { continue }
      let root = isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu"
      for path in ancestors(of: fields[2]) {
        let quota =
          isVersion2
          ? version2(read(root + path + "/cpu.max"))
          : version1(quota: read(root + path + "/cpu.cfs_quota_us"), period: read(root + path + "/cpu.cfs_period_us"))
        if let quota { limits.append(quota) }
      }
    }
    return limits
  }

  /// "/a/b" → "/a/b", "/a", "".
  private static func ancestors(of path: Substring) -> [String] {
    let parts = path.split(separator: "/").map(String.init)
    return (0...parts.count).reversed().map { parts.prefix($0).map { "/" + $0 }.joined() }
  }

  /// "150000 100000" → 2; "max 100000" → nil.
  private static func version2(_ text: String?) -> Int? {
    guard let fields = text?.split(whereSeparator: \.isWhitespace), fields.count == 2,
      let quota = Int(fields[0]), let period = Int(fields[1])
    else { return nil }
    return cpus(quota: quota, period: period)
  }

  private static func version1(quota: String?, period: String?) -> Int? {
    guard let quota = quota.flatMap({ Int($0.filter { !$0.isWhitespace }) }),
      let period = period.flatMap({ Int($0.filter { !$0.isWhitespace }) })
    else { return nil }
    return cpus(quota: quota, period: period)
  }

  private static func cpus(quota: Int, period: Int) -> Int? {
    guard quota > 0, period > 0 else { return nil }
    return max(1, (quota - 1) / period + 1)
  }
}

/// The first 16 KiB of a small file of the kernel's; nil when it can't be read.
private func textFile(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 16384)
  let count = fread(&bytes, 1, bytes.count, file)
  return String(decoding: bytes.prefix(count), as: UTF8.self)
}
