public import CairnChain
public import CairnCrypto

/// Everything that can happen to an engine. Signatures were checked before: only verified values come in.
public enum Input: Sendable {
  /// Once, first.
  case start
  /// A proposal, and the validator at the other end of the link it came from. Only the leader's own word starts R2: the
  /// leader's signature covers the header alone, and whoever passes it on could have replaced the transactions.
  case proposal(Verified<Proposal>, from: Int)
  case vote(Verified<Vote>)
  case certificate(Verified<Certificate>)
  /// Answers ``Effect/sign(_:)``.
  case signed(Verified<Vote>)
  /// Answers ``Effect/sign(_:)`` when there will be no signature. The vote is skipped.
  case signingFailed(Statement)
  /// The batch with this identifier, and every earlier one, is on stable storage.
  case durable(BarrierID)
  /// Answers ``Effect/build(_:)``; the builder has executed the block.
  case built(Block, view: UInt64)
  /// Answers ``Effect/build(_:)`` when there will be no block.
  case buildFailed(view: UInt64)
  /// Answers ``Effect/build(_:)`` when the block must not be empty and nothing waits. Counts as `pending(false)`.
  case nothingToBuild(view: UInt64)
  /// Answers ``Effect/execute(_:)``.
  case executed(Digest, ExecutionVerdict)
  /// Answers ``Effect/fetch(_:from:)``: a block with this digest, from anyone.
  case fetched(Verified<Proposal>)
  /// The shell has committed up to this header through sync, see ``Effect/catchUp(to:)``.
  case committed(Header, finalization: Verified<Certificate>)
  /// Whether transactions wait that are not yet in the notarized chain. Sent at each change.
  case pending(Bool)
  /// Anything at all was received from this validator.
  case heard(Int)
  case timer(Engine.Timer)
}

/// What re-execution says about a block.
public enum ExecutionVerdict: Hashable, Sendable {
  case valid
  /// The reason is the executor's, for logs.
  case invalid(reason: String)
}
