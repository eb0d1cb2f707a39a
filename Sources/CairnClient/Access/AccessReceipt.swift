public import CairnChain
public import CairnCrypto
public import CairnLedger
import CairnMessages
import Foundation

/// That a block allowed an agent something: a capability for a minute at most, bound to the agent's key, and checked without a network.
///
/// Within that minute it does not tell whether a credential was revoked or the agent isolated meanwhile. Who has to know asks
/// ``CairnClient/authorize(_:signature:maximumAgeMilliseconds:)`` instead.
public struct AccessReceipt: Sendable {
  /// In bytes: a header with its certificate, a path, and the record.
  public static let byteLimit = 256 << 10
  /// What whoever shows a receipt signs.
  public static let possessionDomain = Domain("cairn/access-proof/v1")

  /// As the receipt says; ``verify(_:anchor:now:)`` believes it.
  public let record: RecordedAccess
  /// A `Proven` message: the state's proof of the record under a certified header.
  public let bytes: [UInt8]

  public init(decoding bytes: [UInt8]) throws(AccessReceiptError) {
    let proven: ProtoProven
    do { proven = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .malformed }
    do { record = try RecordedAccess(decoding: [UInt8](proven.payload)) } catch { throw .malformed }
    self.bytes = bytes
  }

  init(_ record: RecordedAccess, _ proven: ProtoProven) {
    var proven = proven
    proven.clearConsistency()
    (self.record, bytes) = (record, Canonical.encode(proven))
  }

  /// What whoever has the agent's key signs to show that the receipt is theirs.
  ///
  /// - Parameter challenge: from whom it is shown to, used once.
  public func possession(of key: SigningKey, challenge: [UInt8]) -> Signature { key.signature(for: possessionMessage(challenge)) }

  fileprivate func possessionMessage(_ challenge: [UInt8]) -> [UInt8] {
    Self.possessionDomain.message(record.request.bytes + challenge)
  }
}

extension AccessReceipt {
  /// What a receipt has to be good for.
  public struct Demand: Sendable {
    /// How whoever shows the receipt proves to have the agent's key.
    public enum Bearer: Sendable {
      /// By a signature as ``AccessReceipt/possession(of:challenge:)`` makes it.
      case signature(Signature, challenge: [UInt8])
      /// By other means, such as a channel: of this key.
      case key(PublicKey)
    }

    public var action: String
    public var resource: String
    /// Name of the contract that must have decided.
    public var contract: String
    /// The oldest version of the contract that will do.
    public var oldestVersion: UInt64
    /// What was claimed in the request, byte for byte.
    public var asserted: [UInt8]
    public var bearer: Bearer

    public init(
      action: String, resource: String, contract: String, oldestVersion: UInt64 = 1, asserted: [UInt8] = [], bearer: Bearer
    ) {
      (self.action, self.resource, self.contract, self.oldestVersion) = (action, resource, contract, oldestVersion)
      (self.asserted, self.bearer) = (asserted, bearer)
    }
  }

  /// Checks a receipt without asking anybody.
  ///
  /// - Parameters:
  ///   - anchor: from which the header is traced.
  ///   - now: Unix time in milliseconds.
  public func verify(_ demand: Demand, anchor: TrustAnchor, now: UInt64) throws(AccessReceiptError) {
    let proven: ProtoProven
    do { proven = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .malformed }
    var light = LightClient(anchor: anchor)
    let header: CertifiedHeader
    do { header = try light.certify(proven) } catch { throw .unproven(.proof(error)) }
    let found: RecordedAccess?
    do { found = try RecordedAccess(record.request, proven, under: header) } catch { throw .unproven(error) }
    guard found == record else { throw .unproven(.wrongRecord) }
    try check(demand, now: now)
  }

  private func check(_ demand: Demand, now: UInt64) throws(AccessReceiptError) {
    guard record.isAllowed else { throw .denied(record.reasons) }
    guard now < record.expiresMilliseconds else { throw .expired(atMilliseconds: record.expiresMilliseconds) }
    guard record.action.utf8.elementsEqual(demand.action.utf8) else { throw .otherAction }
    guard record.resource.utf8.elementsEqual(demand.resource.utf8) else { throw .otherResource }
    guard record.contract.id.utf8.elementsEqual(demand.contract.utf8) else { throw .otherContract }
    guard record.contract.version >= demand.oldestVersion else { throw .oldContract(version: record.contract.version) }
    guard record.context == AccessRequest.contextDigest(of: demand.asserted) else { throw .otherContext }
    switch demand.bearer {
    case .key(let key): guard key == record.key else { throw .otherBearer }
    case .signature(let signature, let challenge):
      guard record.key.isValid(signature, for: possessionMessage(challenge)) else { throw .otherBearer }
    }
  }
}

extension RecordedAccess {
  /// - Parameter id: of the request.
  /// - Returns: `nil` when the state proves that no block has decided it.
  init?(_ id: Digest, _ proven: ProtoProven, under header: CertifiedHeader) throws(AccessProofError) {
    guard let proof = proven.state.first, proven.state.count == 1 else { throw .missingRow }
    var rows = ProvenRows(header, proofs: [proof], records: [[UInt8](proven.payload)], contract: nil)
    guard let bytes = try rows.record(forKey: Self.stateKey(id), type: .access) else { return nil }
    guard let record = try? RecordedAccess(decoding: bytes), record.request == id else { throw .wrongRecord }
    self = record
  }
}

/// Why a receipt is good for nothing.
public enum AccessReceiptError: Error, Equatable, Sendable {
  case malformed
  case unproven(AccessProofError)
  /// The request was denied, for these reasons.
  case denied([String])
  case expired(atMilliseconds: UInt64)
  case otherAction
  case otherResource
  case otherContract
  case oldContract(version: UInt64)
  /// What was claimed in the request is not what is now.
  case otherContext
  /// Whoever shows it does not have the agent's key.
  case otherBearer

  /// Machine readable.
  public var reason: String {
    switch self {
    case .malformed: "malformed_receipt"
    case .unproven(let error): error.reason
    case .denied: "denied"
    case .expired: "receipt_expired"
    case .otherAction: "other_action"
    case .otherResource: "other_resource"
    case .otherContract: "other_contract"
    case .oldContract: "old_contract"
    case .otherContext: "other_context"
    case .otherBearer: "other_bearer"
    }
  }
}

extension AccessReceiptError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .malformed: "This is no receipt, or it is damaged."
    case .unproven(let error): "The receipt proves nothing (\(error.reason))."
    case .denied(let reasons): "The request was denied (\(reasons.joined(separator: ", ")))."
    case .expired(let time): "The receipt was good until \(time) ms."
    case .otherAction: "The receipt is for another action."
    case .otherResource: "The receipt is for another resource."
    case .otherContract: "Another contract decided."
    case .oldContract(let version): "Version \(version) of the contract decided, which is too old."
    case .otherContext: "The request claimed something else."
    case .otherBearer: "Whoever shows the receipt does not prove to have the agent's key."
    }
  }
}
