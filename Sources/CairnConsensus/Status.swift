public import CairnChain
public import CairnCrypto

/// What an engine waits for, for people.
public enum Waiting: Hashable, Sendable {
  /// Nothing waits, and the next heartbeat is not due.
  case idle
  /// The leader of the view has work and did not propose.
  case leader(Int)
  /// Votes of this kind from these validators are missing for a certificate.
  case votes(Statement.Kind, from: [Int])
  /// Too few validators, ourselves included, were heard of lately.
  case peers(heard: Int, quorum: Int)
  /// Finalized blocks are on their way here.
  case blocks
  case halted(HaltReason)
}

extension Engine {
  /// The block on which the next one would be built (R1): what waits for a block is measured against it.
  public var tip: Digest { ancestryOfNextBlock()?.digest ?? committed.digest }

  /// Our statements in the current view.
  public var ownVotes: [Statement] { rounds[view].own.statements }

  /// Who is known to have voted, by validator.
  public func voters(_ kind: Statement.Kind, in view: UInt64) -> [Bool] { rounds[view].tally.voters(kind) }

  /// A block that may become final.
  public func candidate(_ digest: Digest) -> Verified<Proposal>? { candidates[digest]?.proposal }

  /// Whether a certificate for exactly this statement was verified before, so that its signatures need not be checked again.
  public func isKnown(_ statement: Statement) -> Bool {
    statement.epoch == epoch && rounds[statement.view].certificate(statement.kind)?.value.statement == statement
  }

  /// Why nothing happens, as of the last step.
  public var waiting: Waiting {
    let round = rounds[view]
    if let haltReason { return .halted(haltReason) }
    if heardCount < quorum { return .peers(heard: heardCount, quorum: quorum) }
    if finalizedView > committedView { return .blocks }
    if round.own[.nullify] != nil { return .votes(.nullify, from: silent(.nullify, in: view)) }
    if round.proposal != nil { return .votes(.notarize, from: silent(.notarize, in: view)) }
    if workDue <= now.monotonicMilliseconds { return .leader(leader(of: view)) }
    if view > 1, finalizedView < view - 1, rounds[view - 1].notarization != nil {
      return .votes(.finalize, from: silent(.finalize, in: view - 1))
    }
    return .idle
  }

  private func silent(_ kind: Statement.Kind, in view: UInt64) -> [Int] {
    voters(kind, in: view).enumerated().filter { !$0.element }.map(\.offset)
  }
}
