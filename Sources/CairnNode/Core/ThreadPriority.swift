#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Threads whose work may wait while consensus has something to do: a view ends with the slowest of its votes, and whoever
/// shares a core with a hundred signature checks is slow.
enum ThreadPriority {
  /// Of nice: a core is shared about three to one.
  private static let lowered: Int32 = 5

  /// Lowers the calling thread, for good. Costs a system call.
  static func yieldToConsensus() {
    #if os(Linux)
      // 0 is the calling thread, not its process (setpriority(2), "C library/kernel differences"). Refused, it changes nothing.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, lowered)
    #endif
  }
}
