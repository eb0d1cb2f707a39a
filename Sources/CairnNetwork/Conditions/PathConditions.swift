/// How one direction between two nodes behaves, where a test makes it longer than it is. Nothing of this is for production.
///
/// What is modelled is a TCP stream, not single packets: bytes arrive in order, and a lost segment does not get lost but holds up
/// everything behind it until it was sent again. Bandwidth and congestion are not modelled.
public struct PathConditions: Hashable, Sendable {
  /// What every byte takes at least.
  public var delay: Duration
  /// What comes on top, each time drawn uniformly between nothing and this.
  public var jitter: Duration
  /// The share of TCP segments that are lost, from 0 to ``lossLimit``.
  public var loss: Double

  /// A link that is worse than this is down.
  public static let delayLimit = Duration.seconds(10)
  /// With more, TCP hardly moves at all.
  public static let lossLimit = 0.5

  public init(delay: Duration, jitter: Duration = .zero, loss: Double = 0) {
    (self.delay, self.jitter, self.loss) = (delay, jitter, loss)
  }
}

/// A node's link to one peer as a test makes it: what comes in is held for the time that the longer way would take.
public struct LinkConditions: Hashable, Sendable {
  /// From the peer to this node.
  public var incoming: PathConditions
  /// There and back without jitter.
  public var roundTrip: Duration

  public init(incoming: PathConditions, roundTrip: Duration) {
    (self.incoming, self.roundTrip) = (incoming, roundTrip)
  }
}
