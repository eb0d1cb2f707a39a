/// What goes first when more is queued for a peer than its connection takes.
public enum Lane: Int, CaseIterable, Sendable {
  /// Votes and certificates: small, and what every view waits for.
  case votes
  /// Proposals: large, and useless once their view has passed.
  case proposals
  /// Everything else: gossip of transactions, fetches.
  case bulk

  /// What may be queued in a lane for one peer. Beyond it the oldest frames are dropped: consensus sends again what still matters,
  /// and the newest votes matter most.
  struct Limit: Equatable, Sendable {
    let frames: Int
    let bytes: Int
  }

  /// Two to three seconds of a peer that does not read, at 500 blocks a second. The bytes are above one frame's, and payloads of a
  /// broadcast are shared between the peers' queues.
  var limit: Limit {
    switch self {
    case .votes: Limit(frames: 4096, bytes: 4 << 20)
    case .proposals: Limit(frames: 64, bytes: 16 << 20)
    case .bulk: Limit(frames: 4096, bytes: 16 << 20)
    }
  }

  /// For a peer that is not connected: enough that the current view reaches it when the connection is there, too little to run into
  /// its rate limits then.
  var limitWhileDisconnected: Limit { Limit(frames: 64, bytes: limit.bytes) }
}
