import Tensors
import Testing

@Suite struct CPULimitsTests {
  @Test(
    "The size of a CPU list",
    arguments: [
      ("Cpus_allowed_list:\t0-3\n", 4),
      ("Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8\nMems_allowed_list:\t0\n", 5),
      ("Cpus_allowed_list:\t7", 1),
      ("Cpus_allowed_list:\t0,2-4,63-64\n", 6),
      ("Cpus_allowed_list:\t\n", nil),
      ("Cpus_allowed_list:\tnone\n", nil),
      ("Cpus_allowed_list:\t3-1\n", nil),
      ("Cpus_allowed_list:\t3-\n", nil),
      ("Cpus_allowed_list:\t-3\n", nil),
      ("Cpus_allowed_list:\t1-2-3\n", nil),
      ("Cpus_allowed_list:\t0-9223372036854775807\n", nil),
      ("Cpus_allowed:\tff\n", nil),
      ("", nil),
    ] as [(String, Int?)])
  func affinity(status: String, expected: Int?) {
    #expect(CPUAffinity.count(inStatus: status) == expected)
  }

  /// A case of `limits`: what /proc/self/cgroup says and what the groups' files hold.
  struct Groups: Sendable, CustomTestStringConvertible {
    var testDescription: String
    let groups: String
    let files: [String: String]
    let limits: [Int]

    init(_ name: String, _ groups: String, _ files: [String: String], _ limits: [Int]) {
      (testDescription, self.groups, self.files, self.limits) = (name, groups, files, limits)
    }
  }

  static let cases = [
    Groups("version 2, whole CPUs", "0::/\n", ["/sys/fs/cgroup/cpu.max": "200000 100000\n"], [2]),
    Groups("version 2, a fraction counts as one more", "0::/\n", ["/sys/fs/cgroup/cpu.max": "150000 100000\n"], [2]),
    Groups("version 2, less than one is one", "0::/\n", ["/sys/fs/cgroup/cpu.max": "1000 100000\n"], [1]),
    Groups("version 2, max is no limit", "0::/\n", ["/sys/fs/cgroup/cpu.max": "max 100000\n"], []),
    Groups("version 2, no such file", "0::/user.slice\n", [:], []),
    Groups(
      "version 2, nested: each group's on the way to the root", "0::/a/b\n",
      [
        "/sys/fs/cgroup/a/b/cpu.max": "800000 100000\n", "/sys/fs/cgroup/a/cpu.max": "300000 100000\n",
        "/sys/fs/cgroup/cpu.max": "max 100000\n", "/sys/fs/cgroup/b/cpu.max": "100000 100000\n",
      ], [8, 3]),
    Groups(
      "version 2, nonsense is no limit", "0::/a\n",
      ["/sys/fs/cgroup/a/cpu.max": "many 100000\n", "/sys/fs/cgroup/cpu.max": "100000 0\n"], []),
    Groups(
      "version 1", "12:memory:/x\n4:cpu,cpuacct:/docker/abc\n1:cpuset:/\n",
      [
        "/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us": "250000\n",
        "/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us": "100000\n",
      ], [3]),
    Groups(
      "version 1, only the root is mounted", "4:cpuacct,cpu:/docker/abc\n",
      ["/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"], [4]),
    Groups(
      "version 1, −1 is no limit", "4:cpu:/\n",
      ["/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"], []),
    Groups(
      "version 1, cpuset is not cpu", "4:cpuset:/\n",
      ["/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"], []),
    Groups(
      "both versions", "4:cpu:/a\n0::/b\n",
      [
        "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "500000\n", "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/b/cpu.max": "600000 100000\n",
      ], [5, 6]),
    Groups("nothing", "", [:], []),
    Groups("lines of another form", "cpu\n0:/\n", ["/sys/fs/cgroup/cpu.max": "100000 100000\n"], []),
  ]

  @Test("The quotas of control groups", arguments: cases)
  func quota(groups: Groups) {
    #expect(CPUQuota.limits(ofGroups: groups.groups) { groups.files[$0] } == groups.limits)
  }
}
