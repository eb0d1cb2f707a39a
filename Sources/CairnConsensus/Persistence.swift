public import CairnChain

/// Names a batch. Ascending.
public struct BarrierID: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static func < (left: BarrierID, right: BarrierID) -> Bool { left.rawValue < right.rawValue }
}

/// The records of one step: one transaction of the safety store.
public struct PersistBatch: Hashable, Sendable {
  /// The view that was entered; replaces the one on record.
  public var enteredView: UInt64?
  /// Own votes. One for each epoch, view and kind, and never Nullify with Finalize.
  public var votes: [Verified<Vote>] = []
  /// Blocks that may be finalized, with the certificates that justify them; keyed by digest.
  public var candidates: [Verified<Proposal>] = []
  /// Keyed by view, kind and digest: two of one view and kind that differ only come with a halt, and must both be kept.
  public var certificates: [Verified<Certificate>] = []
  public var evidence: [Evidence] = []

  public init() {}

  public var isEmpty: Bool {
    enteredView == nil && votes.isEmpty && candidates.isEmpty && certificates.isEmpty && evidence.isEmpty
  }
}

/// What the stores hold when an engine starts.
///
/// Records of views at or below the last finalized one are not needed.
public struct RecoveredState: Sendable {
  /// The last committed header.
  public var finalized: Header
  /// Its finalization; `nil` for the epoch's genesis.
  public var finalization: Verified<Certificate>?
  /// The highest view on record; 0 when none was ever entered.
  public var enteredView: UInt64 = 0
  public var votes: [Verified<Vote>] = []
  public var candidates: [Verified<Proposal>] = []
  public var certificates: [Verified<Certificate>] = []
  /// Why this node must not vote until a later epoch or its operator's explicit word.
  public var votingDisabledReason: VotingDisabledReason?

  public init(finalized: Header, finalization: Verified<Certificate>?) {
    self.finalized = finalized
    self.finalization = finalization
  }

  /// A node that starts with the epoch.
  public static func fresh(genesis: Header) -> RecoveredState { RecoveredState(finalized: genesis, finalization: nil) }
}
