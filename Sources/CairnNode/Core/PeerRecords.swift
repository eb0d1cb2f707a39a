import CairnChain
import CairnCrypto
import NIOCore

/// What this node knows of the other validators, by their own word. Nothing here is believed; it is for status, and for not
/// voting against one's own forgotten votes.
struct PeerRecords {
  struct Claim {
    var height: UInt64 = 0
    /// When the engine was last told that the peer is heard.
    var reportedAt: NIODeadline?
    /// When the peer was last told how its epoch ended.
    var answeredAt: NIODeadline?
  }

  /// Whose hello came.
  private(set) var greeted: Set<Int> = []
  /// Own votes that peers remember, signatures verified.
  private(set) var rememberedVotes: [Vote] = []
  /// The highest vote that each validator showed us, by its consensus key, signatures verified: what we remember for it.
  private var highestVotes: [PublicKey: Vote] = [:]
  private(set) var claims: [Int: Claim] = [:]

  mutating func greeted(by peer: Int, height: UInt64, rememberedVote: Vote?) {
    greeted.insert(peer)
    claims[peer, default: Claim()].height = height
    if let rememberedVote { rememberedVotes.append(rememberedVote) }
    // A quorum's worth is all that is ever looked at, and a peer that reconnects says the same again.
    if rememberedVotes.count > 2 * ValidatorSet.countLimit { rememberedVotes.removeFirst() }
  }

  /// - Returns: whether the engine should hear of it: now and then is enough.
  mutating func heard(_ peer: Int, at now: NIODeadline) -> Bool {
    if let last = claims[peer]?.reportedAt, now - last <= .milliseconds(100) { return false }
    claims[peer, default: Claim()].reportedAt = now
    return true
  }

  /// - Returns: whether the peer may be told how its epoch ended: it sends many messages, and one answer is enough for a while.
  mutating func mayAnswer(_ peer: Int, at now: NIODeadline) -> Bool {
    if let last = claims[peer]?.answeredAt, now - last <= .milliseconds(500) { return false }
    claims[peer, default: Claim()].answeredAt = now
    return true
  }

  mutating func remember(_ vote: Vote, by key: PublicKey) {
    if let known = highestVotes[key]?.statement,
      (known.epoch, known.view, known.kind) >= (vote.statement.epoch, vote.statement.view, vote.statement.kind)
    {
      return
    }
    highestVotes[key] = vote
  }

  func highestVote(of key: PublicKey) -> Vote? { highestVotes[key] }

  /// Drops the votes of all other validators.
  mutating func forget(besides keys: Set<PublicKey>) { highestVotes = highestVotes.filter { keys.contains($0.key) } }
}
