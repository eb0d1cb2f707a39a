public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation

/// A decision that a block made: what its row in the state commits to. Never changes.
public struct RecordedAccess: Equatable, Sendable {
  /// A DID, an action, a resource, and the names of all of a contract's policies.
  public static let byteLimit = 128 << 10

  /// ``AccessRequest/id``.
  public let request: Digest
  public let principal: CairnDID
  /// Whoever acts on the decision proves to have this key of the agent's.
  public let key: PublicKey
  public let action: String
  public let resource: String
  /// ``AccessRequest/contextDigest``.
  public let context: Digest
  public let isAllowed: Bool
  /// Why not; empty when it is allowed.
  public let reasons: [String]
  /// The policies that determined the decision.
  public let policies: [String]
  public let contract: AccessDecision.Contract
  public let moment: BlockMoment
  /// From then on the decision is good for nothing; Unix time.
  public let expiresMilliseconds: UInt64
  /// The canonical encoding.
  public let bytes: [UInt8]

  init(_ request: AccessRequest, key: PublicKey, _ decision: AccessDecision) {
    var message = ProtoRecordedAccess()
    message.request = Data(request.id.bytes)
    message.principal = request.principal.description
    message.key = Data(key.bytes)
    (message.action, message.resource) = (request.action, request.resource)
    message.context = Data(request.contextDigest.bytes)
    message.decision = decision.message
    let (expires, overflows) = decision.moment.milliseconds.addingReportingOverflow(UInt64(request.validityMilliseconds))
    message.expiresMs = overflows ? .max : expires
    guard let record = try? RecordedAccess(decoding: Canonical.encode(message)) else {
      preconditionFailure("a decision of policies names its contract, and is within the limits")
    }
    self = record
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoRecordedAccess = try .record(bytes, limit: Self.byteLimit)
    guard let request = Digest(message.request) else { throw .field("request") }
    guard let principal = try? CairnDID(parsing: message.principal) else { throw .field("principal") }
    guard let key = PublicKey(message.key) else { throw .field("key") }
    guard let context = Digest(message.context) else { throw .field("context") }
    guard message.hasDecision, let hash = Digest(message.decision.contractHash), ContractID(message.decision.contract) != nil else {
      throw .field("decision")
    }
    guard message.decision.allowed == message.decision.reasons.isEmpty else { throw .field("decision") }
    (self.request, self.principal, self.key, self.context, self.bytes) = (request, principal, key, context, bytes)
    (action, resource) = (message.action, message.resource)
    (isAllowed, reasons, policies) = (message.decision.allowed, message.decision.reasons, message.decision.policies)
    contract = AccessDecision.Contract(
      id: message.decision.contract, version: message.decision.contractVersion, hash: hash, isOverdue: message.decision.overdue)
    moment = BlockMoment(height: message.decision.height, milliseconds: message.decision.timeMs)
    expiresMilliseconds = message.expiresMs
  }

  /// The key of the row with what was decided about a request.
  public static func stateKey(_ request: Digest) -> Digest { .stateKey(type: StateType.access.rawValue, id: request.bytes) }
}
