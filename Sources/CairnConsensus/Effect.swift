public import CairnChain
public import CairnCrypto

/// What the shell shall do, in this order. Answers come back as inputs, at any later time and in any order.
public enum Effect: Sendable {
  /// Write the batch in one transaction, in the order of the identifiers; answered by ``Input/durable(_:)``.
  case persist(PersistBatch, id: BarrierID)
  /// Sign the statement; answered by ``Input/signed(_:)`` or ``Input/signingFailed(_:)``. A signer that keeps a record of its
  /// own keys it by epoch, view and kind.
  case sign(Statement)
  case send(Engine.Message, to: Recipients)
  /// Answered by ``Input/built(_:view:)``, ``Input/buildFailed(view:)`` or ``Input/nothingToBuild(view:)``.
  case build(BuildRequest)
  /// Execute the block on its parent, which is the last committed block or was found valid before, and compare its roots;
  /// answered by ``Input/executed(_:_:)``. Asked again for the same digest only after an invalid verdict, with other
  /// transactions: a verdict must not be cached by digest.
  case execute(Verified<Proposal>)
  /// Fetch the block with this digest from one of the validators, preferably the first; answered by ``Input/fetched(_:)``.
  /// Asked again every retry period while it is needed.
  case fetch(Digest, from: [Int])
  /// Arms the timer, or moves it when it is armed already; answered by ``Input/timer(_:)``.
  case arm(Engine.Timer, afterMilliseconds: UInt64)
  case cancel(Engine.Timer)
  /// Commit these blocks, in ascending height order from the last committed one; the last is the finalized one.
  case commit([Verified<Proposal>], finalization: Verified<Certificate>)
  /// Too many blocks are missing here: sync up to the finalized block; answered by ``Input/committed(_:finalization:)``.
  case catchUp(to: Verified<Certificate>)
  /// Export the evidence. It is in this step's batch too.
  case evidence(Evidence)
  /// The network's assumptions are broken. Nothing is signed, sent or committed from now on; reads stay alive.
  case halt(HaltReason)
}

public enum Recipients: Hashable, Sendable {
  /// Every other validator.
  case all
  case one(Int)
}

/// What the leader's builder is asked for (R1).
public struct BuildRequest: Hashable, Sendable {
  public let epoch: UInt64
  /// The header's view.
  public let view: UInt64
  /// The header's proposer: our own index.
  public let proposer: Int
  /// The digest of `parentHeader`, and the header's parent.
  public let parent: Digest
  public let parentHeader: Header
  /// The header's time must not be before this.
  public let earliestTimeMilliseconds: UInt64
  /// Whether a block without transactions is wanted when nothing waits: the heartbeat. Otherwise the answer is
  /// ``Input/nothingToBuild(view:)``.
  public let mayBeEmpty: Bool
}

extension Engine {
  /// What validators say to each other.
  public enum Message: Hashable, Sendable {
    case proposal(Proposal)
    case vote(Vote)
    case certificate(Certificate)
  }

  /// A timer's name. An input for one that is not armed, or whose time has not come, is harmless.
  public enum Timer: Hashable, Sendable {
    /// The leader's proposal is late.
    case leader(view: UInt64)
    /// The certificate of a proposed block is late.
    case certificate(view: UInt64)
    /// The leader has an empty block to propose.
    case heartbeat(view: UInt64)
    /// R7a.
    case retry(view: UInt64)
    /// R7b.
    case standstill
    /// Outstanding fetches are asked again.
    case fetch
  }
}
