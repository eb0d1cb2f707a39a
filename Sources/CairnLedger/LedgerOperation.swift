public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

/// One thing that a transaction does, of the right shape.
///
/// Made with its encoding and everything that follows from it, so that execution only looks up and compares.
public struct LedgerOperation: Sendable {
  public enum Kind: Hashable, Sendable {
    case didCreate(DIDCreate)
    case didUpdate(DIDUpdate)
    case didRotate(DIDRotate)
    case didDeactivate(DIDDeactivate)
    case statusListCreate(StatusListCreate, StatusListID)
    case statusListUpdate(StatusListUpdate, StatusListID)
    case statusListDelegate(StatusListDelegate, StatusListID)
    /// With the list of the batch's statuses, which the operation names by its digest.
    case sessionBatchCreate(SessionBatchCreate, StatusListID)
    case agentIsolate(AgentIsolate)
    case agentRelease
    case governancePropose(GovernancePropose, ProposalID)
    case governanceApprove(ProposalID)
    case governanceWithdraw(ProposalID)
    case contractDeploy(ContractVersion)
    case contractUpgrade(ContractUpgrade)
    case contractFreeze(ContractID)
    case contractUnfreeze(ContractUnfreeze)
    case contractAttest(ContractAttest)
    case contractRetire(ContractID)
    case accessRecord(AccessRecordOperation)
    case evidenceSubmit(EvidenceSubmit)
  }

  static let domain = Domain("cairn/did-operation/v1")

  public let kind: Kind
  /// The DID that is made, changed, isolated or released, or asks for something. Of an operation on a status list: the list's issuer. `nil` for an operation that is
  /// about no DID.
  public let did: CairnDID?
  /// The canonical `Operation`.
  public let bytes: [UInt8]
  /// H("cairn/did-operation/v1" || 0x00 || bytes): what the next operation on a DID names as `previous`.
  public let hash: Digest
  /// The row of the state that the operation is about: of the DID, of the status list, of the isolation, of the contract, of the decision, or
  /// of the validator's fault.
  public let stateKey: Digest

  init(_ message: ProtoOperation, network: Digest) throws(OperationError) {
    switch message.kind {
    case .didCreate, .didUpdate, .didRotate, .didDeactivate:
      let (did, kind) = try Self.didOperation(message, network)
      (self.did, self.kind, stateKey) = (did, kind, did.stateKey)
    case .statusListCreate, .statusListUpdate, .statusListDelegate, .sessionBatchCreate:
      let (list, kind) = try Self.listOperation(message, network)
      (did, self.kind, stateKey) = (list.issuer, kind, list.stateKey)
    case .agentIsolate(let isolate):
      let did = try Self.did(isolate.did, network)
      (self.did, kind, stateKey) = (did, .agentIsolate(try AgentIsolate(isolate)), did.isolationKey)
    case .agentRelease(let release):
      let did = try Self.did(release.did, network)
      (self.did, kind, stateKey) = (did, .agentRelease, did.isolationKey)
    case .contractDeploy, .contractUpgrade, .contractFreeze, .contractUnfreeze, .contractAttest, .contractRetire:
      let (contract, kind) = try Self.contractOperation(message, network)
      (did, self.kind, stateKey) = (nil, kind, contract.stateKey)
    case .governancePropose, .governanceApprove, .governanceWithdraw:
      let (proposal, kind) = try Self.governanceOperation(message, network)
      (did, self.kind, stateKey) = (nil, kind, proposal.stateKey)
    case .accessRecord(let record):
      let record = try AccessRecordOperation(record, network: network)
      (did, kind, stateKey) = (record.request.principal, .accessRecord(record), RecordedAccess.stateKey(record.request.id))
    case .evidenceSubmit(let submit):
      let submit = try EvidenceSubmit(submit)
      (did, kind, stateKey) = (nil, .evidenceSubmit(submit), submit.evidence.stateKey)
    case nil:
      throw .malformed("kind")
    }
    bytes = Canonical.encode(message)
    hash = .sha256(Self.domain, bytes)
  }

  private static func governanceOperation(_ message: ProtoOperation, _ network: Digest) throws(OperationError) -> (ProposalID, Kind) {
    switch message.kind {
    case .governancePropose(let propose):
      let id = ProposalID(of: propose)
      return (id, .governancePropose(try GovernancePropose(propose, network: network), id))
    case .governanceApprove(let approve):
      guard let id = ProposalID(approve.proposal) else { throw .malformed("proposal") }
      return (id, .governanceApprove(id))
    case .governanceWithdraw(let withdraw):
      guard let id = ProposalID(withdraw.proposal) else { throw .malformed("proposal") }
      return (id, .governanceWithdraw(id))
    default: throw .malformed("kind")
    }
  }

  private static func didOperation(_ message: ProtoOperation, _ network: Digest) throws(OperationError) -> (CairnDID, Kind) {
    switch message.kind {
    case .didCreate(let create):
      let did = CairnDID(network: network, create: .sha256(Canonical.encode(create)))
      return (did, .didCreate(try DIDCreate(create, network: network)))
    case .didUpdate(let update):
      return (try did(update.did, network), .didUpdate(try DIDUpdate(update)))
    case .didRotate(let rotate):
      let did = try did(rotate.did, network)
      return (did, .didRotate(try DIDRotate(rotate, did: did, network: network)))
    case .didDeactivate(let deactivate):
      return (try did(deactivate.did, network), .didDeactivate(try DIDDeactivate(deactivate)))
    default:
      throw .malformed("kind")
    }
  }

  private static func listOperation(_ message: ProtoOperation, _ network: Digest) throws(OperationError) -> (StatusListID, Kind) {
    switch message.kind {
    case .statusListCreate(let create):
      let list = try list(create.list, network)
      guard case .named = list.kind else { throw .malformed("list") }
      return (list, .statusListCreate(try StatusListCreate(create, network: network), list))
    case .statusListUpdate(let update):
      let list = try list(update.list, network)
      return (list, .statusListUpdate(try StatusListUpdate(update), list))
    case .statusListDelegate(let delegate):
      let list = try list(delegate.list, network)
      return (list, .statusListDelegate(try StatusListDelegate(delegate, network: network), list))
    case .sessionBatchCreate(let create):
      let batch = try SessionBatchCreate(create, network: network)
      let list = SessionBatchCreate.list(create, controller: batch.controller)
      return (list, .sessionBatchCreate(batch, list))
    default:
      throw .malformed("kind")
    }
  }

  private static func contractOperation(_ message: ProtoOperation, _ network: Digest) throws(OperationError) -> (ContractID, Kind) {
    let kind: Kind
    switch message.kind {
    case .contractDeploy(let deploy):
      guard deploy.hasContract else { throw .malformed("contract") }
      let version = try ContractVersion(deploy.contract, network: network)
      guard version.version == 1 else { throw .malformed("version") }
      kind = .contractDeploy(version)
    case .contractUpgrade(let upgrade): kind = .contractUpgrade(try ContractUpgrade(upgrade, network: network))
    case .contractFreeze(let freeze): kind = .contractFreeze(try .parsing(freeze.contract))
    case .contractUnfreeze(let unfreeze): kind = .contractUnfreeze(try ContractUnfreeze(unfreeze, network: network))
    case .contractAttest(let attest): kind = .contractAttest(try ContractAttest(attest))
    case .contractRetire(let retire): kind = .contractRetire(try .parsing(retire.contract))
    default: throw .malformed("kind")
    }
    guard let contract = kind.contract else { throw .malformed("kind") }
    return (contract, kind)
  }

  private static func list(_ text: String, _ network: Digest) throws(OperationError) -> StatusListID {
    guard let list = try? StatusListID(parsing: text) else { throw .malformed("list") }
    guard list.issuer.isOf(network: network) else { throw .foreignDID }
    return list
  }

  private static func did(_ text: String, _ network: Digest) throws(OperationError) -> CairnDID {
    guard let did = try? CairnDID(parsing: text) else { throw .malformed("did") }
    guard did.isOf(network: network) else { throw .foreignDID }
    return did
  }

  var message: ProtoOperation {
    guard let message = try? ProtoOperation(serializedBytes: bytes) else { preconditionFailure("these bytes were encoded here") }
    return message
  }

  /// The place that the operation claims in the history of its DID; `nil` for a creation, which is its start.
  public var succession: Succession? {
    switch kind {
    case .didUpdate(let update): update.succession
    case .didRotate(let rotate): rotate.succession
    case .didDeactivate(let deactivate): deactivate.succession
    default: nil
    }
  }

  /// Whether the operation makes or changes this DID.
  public func changes(_ did: CairnDID) -> Bool { stateKey == did.stateKey }

  /// The version that the operation makes, which the next one on the DID follows.
  public var head: DIDHead { DIDHead(sequence: succession?.sequence ?? 0, hash: hash) }

  /// The document that the operation sets.
  var document: EncodedDocument? {
    switch kind {
    case .didCreate(let create): create.document
    case .didUpdate(let update): update.document
    case .didRotate(let rotate): rotate.document
    default: nil
    }
  }

  /// The control state that the operation sets.
  var control: Control? {
    switch kind {
    case .didCreate(let create): create.control
    case .didRotate(let rotate): rotate.control
    default: nil
    }
  }
}

extension LedgerOperation.Kind {
  /// The status list that the operation is about.
  public var list: StatusListID? {
    switch self {
    case .statusListCreate(_, let list), .statusListUpdate(_, let list), .statusListDelegate(_, let list), .sessionBatchCreate(_, let list):
      list
    default: nil
    }
  }

  /// The proposal that the operation makes or is about.
  public var proposal: ProposalID? {
    switch self {
    case .governancePropose(_, let id), .governanceApprove(let id), .governanceWithdraw(let id): id
    default: nil
    }
  }

  /// The contract that the operation is about.
  public var contract: ContractID? {
    switch self {
    case .contractDeploy(let version): version.id
    case .contractUpgrade(let upgrade): upgrade.version.id
    case .contractFreeze(let id), .contractRetire(let id): id
    case .contractUnfreeze(let unfreeze): unfreeze.id
    case .contractAttest(let attest): attest.id
    default: nil
    }
  }
}

extension LedgerOperation: Hashable {
  public static func == (left: LedgerOperation, right: LedgerOperation) -> Bool { left.did == right.did && left.bytes == right.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

/// Who authorizes a rotation or a deactivation.
public enum Authority: UInt8, Hashable, Sendable, CaseIterable {
  /// Rotation: keys whose digests are in the previous `next`. Deactivation: the update keys.
  case next = 1
  /// Keys whose digests are in the previous `recovery`.
  case recovery = 2
  /// The update keys of the controller.
  case controller = 3

  /// For people, and for the constitution.
  public var name: String { String(describing: self) }

  init(_ message: ProtoAuthority) throws(OperationError) {
    guard let authority = UInt8(exactly: message.rawValue).flatMap(Authority.init) else { throw .malformed("authority") }
    self = authority
  }
}

/// The newest version of a DID, which the next operation on it must name.
public struct DIDHead: Hashable, Sendable {
  /// 0 after creation.
  public let sequence: UInt64
  /// Hash of the operation that made the version.
  public let hash: Digest

  public init(sequence: UInt64, hash: Digest) {
    (self.sequence, self.hash) = (sequence, hash)
  }
}

/// The place that an operation claims in the history of its DID.
public struct Succession: Hashable, Sendable {
  /// The head's, plus 1.
  public let sequence: UInt64
  /// Hash of the head operation.
  public let previous: Digest

  init(sequence: UInt64, previous: Data) throws(OperationError) {
    guard let previous = Digest(previous) else { throw .malformed("previous") }
    (self.sequence, self.previous) = (sequence, previous)
  }
}

/// Makes a DID.
public struct DIDCreate: Hashable, Sendable {
  /// Two identities with equal keys and documents differ in it.
  public static let saltByteCount = 16

  public let control: Control
  public let document: EncodedDocument
  public let salt: [UInt8]

  init(_ message: ProtoDidCreate, network: Digest?) throws(OperationError) {
    guard message.hasControl else { throw .malformed("control") }
    guard message.hasDocument, let document = EncodedDocument(message.document) else { throw .malformed("document") }
    guard message.salt.count == Self.saltByteCount else { throw .malformed("salt") }
    control = try .checked(message.control, network: network)
    self.document = document
    salt = [UInt8](message.salt)
  }

  var message: ProtoDidCreate {
    var message = ProtoDidCreate()
    message.control = control.message
    message.document = document.message
    message.salt = Data(salt)
    return message
  }
}

/// Replaces the document. Signed by the update keys.
public struct DIDUpdate: Hashable, Sendable {
  public let succession: Succession
  public let document: EncodedDocument

  init(_ message: ProtoDidUpdate) throws(OperationError) {
    succession = try Succession(sequence: message.sequence, previous: message.previous)
    guard message.hasDocument, let document = EncodedDocument(message.document) else { throw .malformed("document") }
    self.document = document
  }
}

/// Replaces the control state, and the document when one is given.
public struct DIDRotate: Hashable, Sendable {
  public let succession: Succession
  public let authority: Authority
  public let control: Control
  /// `nil`: unchanged.
  public let document: EncodedDocument?

  init(_ message: ProtoDidRotate, did: CairnDID, network: Digest) throws(OperationError) {
    succession = try Succession(sequence: message.sequence, previous: message.previous)
    authority = try Authority(message.authority)
    guard message.hasControl else { throw .malformed("control") }
    control = try .checked(message.control, network: network)
    guard control.controller != did else { throw .control(.ownController) }
    guard message.hasDocument else {
      document = nil
      return
    }
    guard let document = EncodedDocument(message.document) else { throw .malformed("document") }
    self.document = document
  }
}

/// Ends a DID for ever.
public struct DIDDeactivate: Hashable, Sendable {
  public let succession: Succession
  public let authority: Authority

  init(_ message: ProtoDidDeactivate) throws(OperationError) {
    succession = try Succession(sequence: message.sequence, previous: message.previous)
    authority = try Authority(message.authority)
  }
}

extension Control {
  /// - Parameter network: of the DIDs; `nil` in a genesis, whose network is not known yet, so that no DID can be named.
  fileprivate static func checked(_ message: ProtoControl, network: Digest?) throws(OperationError) -> Control {
    let control: Control
    do { control = try Control(message) } catch { throw .control(error) }
    guard let controller = control.controller else { return control }
    guard let network, controller.isOf(network: network) else { throw .control(.foreignController) }
    return control
  }
}
