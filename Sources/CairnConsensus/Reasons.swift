public import CairnChain
public import CairnCrypto

/// Why a view was given up (R3). The raw value is the metric's label.
public enum NullifyReason: String, CaseIterable, Hashable, Sendable {
  case leaderTimeout = "leader_timeout"
  case certificateTimeout = "certificate_timeout"
  case invalidProposal = "invalid_proposal"
  case cannotPropose = "cannot_propose"
  case leaderNullified = "leader_nullified"
  case inactiveLeader = "inactive_leader"
}

/// What is wrong with a proposal (R2). The raw value is the metric's label.
public enum ProposalFault: String, CaseIterable, Hashable, Sendable {
  case network
  case epoch
  case view
  case proposer
  case validators
  /// A child of the epoch's last block, which has none in its epoch.
  case epochEnded = "epoch_ended"
  case transactionBytes = "transaction_bytes"
  case timeAhead = "time_ahead"
  case timeNotAfterParent = "time_not_after_parent"
  case height
  case parentCertificate = "parent_certificate"
  case skipCertificates = "skip_certificates"
  case execution
}

/// Why this node follows without voting. The raw value is the metric's label.
public enum VotingDisabledReason: String, CaseIterable, Hashable, Sendable {
  /// A safety record fails its checksum, or records contradict each other.
  case recordsDamaged = "records_damaged"
  /// Safety records are missing where there should be some.
  case recordsMissing = "records_missing"
  /// A peer, or a certificate, remembers a vote of ours that is not on record: our records are an older copy, or another
  /// process votes with our key.
  case recordsStale = "records_stale"
  /// The operator said so.
  case operatorRequest = "operator_request"
}

/// Why nothing is signed any more.
public enum HaltReason: Hashable, Sendable {
  /// More than f validators are faulty: two certificates that cannot both be, the one that was known first.
  case conflictingCertificates(Certificate, Certificate)
  /// A finalized block does not extend what is committed here.
  case conflictingFinalization(Certificate, committed: Header)
  /// The quorum finalized a block that our execution refuses, whoever sends it: this node computes something else.
  case finalizedBlockInvalid(Digest)

  /// Machine readable; a metric label and a log field.
  public var label: String {
    switch self {
    case .conflictingCertificates: "conflicting_certificates"
    case .conflictingFinalization: "conflicting_finalization"
    case .finalizedBlockInvalid: "finalized_block_invalid"
    }
  }
}
