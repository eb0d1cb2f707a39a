public import CairnCrypto
public import CairnIdentity

/// Why a transaction is refused. The guards come in the order of these cases; the first that fails decides.
public enum TransactionError: Error, Equatable, Sendable {
  case tooLarge(limit: Int, actual: Int)
  /// Not a transaction; the named field is absent or not what it must be.
  case malformed(String)
  /// More than one encoding would be possible: see ``CairnCrypto/CanonicalError/notCanonical``.
  case notCanonical
  case wrongNetwork
  case operationCount(Int)
  case signatureCount(Int)
  /// Signatures come ascending by public key, each key once.
  case signatureOrder
  case badSignature(PublicKey)
  case expired(notAfterHeight: UInt64, height: UInt64)
  case tooFarAhead(notAfterHeight: UInt64, limit: UInt64)
  /// The chain has a transaction with the same id.
  case duplicate
  /// The transaction is fine, but the block has no room for it.
  case blockFull
  case unknownSubmitter(CairnDID)
  case submitterDeactivated(CairnDID)
  /// Guardians have isolated the submitter.
  case submitterIsolated(CairnDID)
  /// The signatures do not reach the update threshold of the submitter.
  case submitterThresholdNotMet
  /// An operation is refused, counted from zero, and with it the whole transaction.
  case operation(Int, OperationError)
  /// This node could not judge. Not a verdict: the transaction may be valid, and the node must neither vote nor answer for it.
  case unavailable(LedgerFault)

  init(_ error: CanonicalError, field: String) {
    switch error {
    case .tooLong(let limit, let actual): self = .tooLarge(limit: limit, actual: actual)
    case .malformed: self = .malformed(field)
    case .notCanonical: self = .notCanonical
    }
  }

  init(operation index: Int, _ error: OperationError) {
    switch error {
    case .unavailable(let fault): self = .unavailable(fault)
    case .noRoom: self = .blockFull
    default: self = .operation(index, error)
    }
  }

  /// Whether the refusal says something about the transaction rather than about this node or the block it was meant for.
  public var isVerdict: Bool {
    switch self {
    case .unavailable, .blockFull: false
    default: true
    }
  }

  /// Machine readable: a log field, a metric label and the reason in the answer to the client.
  public var reason: String {
    switch self {
    case .tooLarge: "too_large"
    case .malformed: "malformed"
    case .notCanonical: "not_canonical"
    case .wrongNetwork: "wrong_network"
    case .operationCount: "operation_count"
    case .signatureCount: "signature_count"
    case .signatureOrder: "signatures_not_ascending"
    case .badSignature: "bad_signature"
    case .expired: "expired"
    case .tooFarAhead: "too_far_ahead"
    case .duplicate: "duplicate"
    case .blockFull: "block_full"
    case .unknownSubmitter: "unknown_submitter"
    case .submitterDeactivated: "submitter_deactivated"
    case .submitterIsolated: "isolated"
    case .submitterThresholdNotMet: "submitter_threshold_not_met"
    case .operation(_, let error): error.reason
    case .unavailable(let fault): fault.reason
    }
  }
}

/// Why the ledger could not read its own state.
public enum LedgerFault: Error, Equatable, Sendable {
  /// The store failed; the text is for the operator.
  case storage(String)
  /// The state commits to a record that the store does not have.
  case missingRecord(key: Digest)
  /// The store's record is not the one that the state commits to: damage, or the store is at another height.
  case wrongRecord(key: Digest)
  /// The store's state or log is not the one of its header.
  case wrongState(height: UInt64)

  public var reason: String {
    switch self {
    case .storage: "storage_failed"
    case .missingRecord: "record_missing"
    case .wrongRecord: "record_damaged"
    case .wrongState: "state_damaged"
    }
  }
}
