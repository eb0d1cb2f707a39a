import CairnIdentity
package import CairnMessages
package import CairnNetwork
import CairnStore

/// Why a call is refused: what both faces tell the client.
package struct ServiceFailure: Error {
  /// Of the failures that this node decides.
  package static let domain = "cairn"

  package var status: RPCStatus
  /// Machine readable, snake_case.
  package var reason: String
  /// One sentence for a person: what is wrong and what to do.
  package var message: String
  package var metadata: [String: String]
  /// For a change that does not follow its DID's head: that head, proven.
  package var current: ProtoProven?

  package init(_ status: RPCStatus, _ reason: String, _ message: String, metadata: [String: String] = [:], current: ProtoProven? = nil) {
    precondition(status != .ok, "a failure is not OK")
    self.status = status
    self.reason = reason
    self.message = message
    self.metadata = metadata
    self.current = current
  }

  package var proto: ProtoFailure {
    var failure = ProtoFailure()
    failure.code = UInt32(status.rawValue)
    failure.reason = reason
    failure.message = message
    failure.metadata = metadata
    failure.domain = Self.domain
    if let current { failure.current = current }
    return failure
  }
}

/// Keys of ``ServiceFailure/metadata``.
enum FailureKey {
  /// Milliseconds after which the same request may succeed.
  static let retryAfter = "retry_after_ms"
  /// The error type of W3C DID Resolution, an IRI.
  static let didError = "did_error"
  /// Position of the refused operation in its transaction, from zero.
  static let operation = "operation"
  static let headSequence = "head_sequence"
  /// Hexadecimal.
  static let headHash = "head_hash"
}

/// Error types of W3C DID Resolution, section "Errors".
enum DIDResolutionError: String {
  case invalidDID = "https://www.w3.org/ns/did#INVALID_DID"
  case invalidDIDDocument = "https://www.w3.org/ns/did#INVALID_DID_DOCUMENT"
  case notFound = "https://www.w3.org/ns/did#NOT_FOUND"
  case methodNotSupported = "https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED"
}

extension ServiceFailure {
  /// How long a client should wait for what passes by itself: about a block.
  static let shortRetryMilliseconds: UInt64 = 200

  static func retryable(_ status: RPCStatus, _ reason: String, _ message: String, after milliseconds: UInt64) -> ServiceFailure {
    ServiceFailure(status, reason, message, metadata: [FailureKey.retryAfter: "\(milliseconds)"])
  }

  /// Of a transaction, or of a request with several.
  static func overloaded(after milliseconds: UInt64) -> ServiceFailure {
    retryable(
      .resourceExhausted, "overloaded", "This node has no room for transactions now: submit them again later, or to another node.",
      after: milliseconds)
  }

  static let malformedRequest = ServiceFailure(
    .invalidArgument, "malformed_request",
    "The request is not the Protobuf message that this method takes: check the method's number and message.")

  static let methodUnknown = ServiceFailure(
    .unimplemented, "unknown_method", "This listener has no method of this number: check the number, or use another listener.")

  /// This node cannot read what it has stored; the client can only go elsewhere.
  static let storageFailed = ServiceFailure(
    .internal, "storage_failed", "This node cannot read its own data: ask another node, and tell this one's operator.")

  static let logDamaged = ServiceFailure(
    .dataLoss, "log_damaged", "This node's log does not lead to the root that its newest header states: ask another node.")
}

extension ServiceFailure {
  /// Why this node's store had no answer.
  init(reading error: any Error) {
    guard case .historyNotHeld(let height) = error as? StoreError else {
      self = error as? ServiceFailure ?? .storageFailed
      return
    }
    self = .historyNotHeld(from: height)
  }

  /// - Parameter height: of the first block that this node has after those that it has not.
  static func historyNotHeld(from height: UInt64) -> ServiceFailure {
    ServiceFailure(
      .unavailable, "history_not_held",
      "This node began with a snapshot and has the log from block \(height) on: ask another node for what was before.",
      metadata: ["first_height": "\(height)"])
  }

  /// A text that is not a DID of this method.
  init(_ error: DIDError) {
    switch error {
    case .wrongMethod:
      self.init(
        .unimplemented, "method_not_supported", "Only DIDs of the method cairn are resolved here: ask a resolver for that method.",
        metadata: [FailureKey.didError: DIDResolutionError.methodNotSupported.rawValue])
    default:
      self.init(
        .invalidArgument, "invalid_did", "The text is not a DID (\(error.reason)): check that it is complete and copied exactly.",
        metadata: [FailureKey.didError: DIDResolutionError.invalidDID.rawValue])
    }
  }

  static func foreignDID(expected prefix: String) -> ServiceFailure {
    ServiceFailure(
      .invalidArgument, "wrong_network",
      "The DID is of another network, this one's start with did:cairn:\(prefix): ask a node of that network.",
      metadata: [FailureKey.didError: DIDResolutionError.notFound.rawValue])
  }
}
