#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

enum ThreadPriority {
  /// Of nice: beside an ordinary thread one gets a tenth of the core. Not less, as it holds locks now and then that others wait for.
  private static let yielding: Int32 = 10

  /// Lets the calling thread yield to all others of the machine, for good. Refused, it changes nothing.
  static func yield() {
    #if os(Linux)
      // 0 is the calling thread, not its process (setpriority(2), "C library/kernel differences").
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, yielding)
    #endif
  }
}
