/// A reading of both clocks, taken by the shell for each step. The engine has no clock of its own.
public struct Instant: Hashable, Sendable {
  /// Never goes back while the process runs; all timers and periods are measured on it.
  public var monotonicMilliseconds: UInt64
  /// The wall clock. Used in one place: a proposal's time must not be far ahead of it (R2).
  public var unixMilliseconds: UInt64

  public init(monotonicMilliseconds: UInt64, unixMilliseconds: UInt64) {
    self.monotonicMilliseconds = monotonicMilliseconds
    self.unixMilliseconds = unixMilliseconds
  }
}
