public import CairnChain
import CairnCrypto

/// What one step of the engine makes durable: all of it, or nothing.
public struct ChainBatch: Sendable {
  /// n of the epoch that every certificate in the batch belongs to.
  public var validatorCount: Int
  /// Views that were entered, in order.
  public var entered: [ViewPosition] = []
  /// This node's own votes, in order.
  public var votes: [Vote] = []
  /// Candidate blocks with what justifies them. One that is there already, by its digest, is replaced.
  public var candidates: [Proposal] = []
  /// Kept for recovery. The first one of an epoch, view and kind stays.
  public var certificates: [Certificate] = []
  /// Blocks to append to the chain, ascending.
  public var commit: [FinalizedBlock] = []
  /// Proven faults of others.
  public var evidence: [Evidence] = []
  /// The last finalized view. Votes, certificates and candidates from 256 views below it on are dropped.
  public var finalized: ViewPosition?

  public init(validatorCount: Int) { self.validatorCount = validatorCount }
}

/// A block with its justification and, where there is one, its own finalization; others are finalized by a descendant's.
public struct FinalizedBlock: Hashable, Sendable {
  public var proposal: Proposal
  public var finalization: Certificate?

  public init(proposal: Proposal, finalization: Certificate?) {
    (self.proposal, self.finalization) = (proposal, finalization)
  }

  public var block: Block { proposal.block }
}

/// A finalized block as it was stored.
public struct StoredBlock: Hashable, Sendable {
  public var proposal: Proposal
  public var finalization: Certificate?
  /// n of the block's epoch, for its certificates' encoding.
  public var validatorCount: Int

  public var block: Block { proposal.block }
  public var header: Header { proposal.block.header }
}
