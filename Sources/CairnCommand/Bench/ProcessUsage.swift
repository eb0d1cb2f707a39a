import Foundation

/// What the system says about a process.
enum ProcessUsage {
  /// Bytes of memory that are resident; `nil` when there is no such process.
  static func residentBytes(of pid: Int32) -> UInt64? {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 }
  }

  /// Seconds of CPU that it has used so far, in user and system mode.
  static func cpuSeconds(of pid: Int32) -> Double? {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
    // The second field, the program's name in parentheses, may have spaces; user and system time are the 14th and 15th.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Bytes of a directory's files.
  static func diskBytes(of directory: String) -> UInt64 {
    guard let files = FileManager.default.enumerator(atPath: directory) else { return 0 }
    var sum: UInt64 = 0
    while files.nextObject() != nil {
      guard files.fileAttributes?[.type] as? FileAttributeType == .typeRegular else { continue }
      sum += (files.fileAttributes?[.size] as? NSNumber)?.uint64Value ?? 0
    }
    return sum
  }
}
