/// Lets events through at a steady rate, and a burst of them after a pause. Time is an argument, so that it is a plain value.
///
/// Kept as the generic cell rate algorithm (ITU-T I.371), which is a token bucket that needs one integer: the time at which
/// the bucket would be full again.
public struct TokenBucket: Sendable, Equatable {
  /// How many events are let through.
  public struct Rate: Sendable, Equatable {
    /// Tokens that return to the bucket each second.
    public let perSecond: Int
    /// Tokens in a full bucket: what passes at once after a pause.
    public let burst: Int

    /// - Precondition: both are between 1 and 1,000,000,000.
    public init(perSecond: Int, burst: Int) {
      precondition((1...1_000_000_000).contains(perSecond) && (1...1_000_000_000).contains(burst), "a rate lets something through")
      self.perSecond = perSecond
      self.burst = burst
    }
  }

  private let intervalNanoseconds: UInt64
  private let burstNanoseconds: UInt64
  private var fullAtNanoseconds: UInt64 = 0

  /// A full bucket.
  public init(_ rate: Rate) {
    intervalNanoseconds = 1_000_000_000 / UInt64(rate.perSecond)
    burstNanoseconds = intervalNanoseconds * UInt64(rate.burst)
  }

  /// Takes one token, if there is one.
  ///
  /// - Parameter nowNanoseconds: a reading of any monotonic clock, the same one each time; one that goes back is harmless.
  public mutating func take(at nowNanoseconds: UInt64) -> Bool {
    let fullAt = max(fullAtNanoseconds, nowNanoseconds) &+ intervalNanoseconds
    guard fullAt &- nowNanoseconds <= burstNanoseconds else { return false }
    fullAtNanoseconds = fullAt
    return true
  }
}
