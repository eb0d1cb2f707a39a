public import CairnCrypto
import CairnIdentity
import CairnMessages
import SwiftProtobuf

/// What an operation of the finalized log is about: as much as subscribers choose operations by.
public struct OperationSubject: Hashable, Sendable {
  /// The names that ``kind`` can have: those of the fields of the `Operation` message.
  public static let kinds: Set<String> = [
    "did_create", "did_update", "did_rotate", "did_deactivate", "status_list_create", "status_list_update", "status_list_delegate",
    "session_batch_create", "contract_deploy", "contract_upgrade", "contract_freeze", "contract_unfreeze", "contract_attest",
    "contract_retire", "access_record", "agent_isolate", "agent_release", "governance_propose", "governance_approve",
    "governance_withdraw", "evidence_submit",
  ]

  /// One of ``kinds``.
  public let kind: String
  /// The DID that is made, changed, isolated or released, or that asks for something.
  public let did: String?
  /// Of the status list or session batch that is made or changed.
  public let issuer: String?
  /// The name of the contract that is made or changed, or decides.
  public let contract: String?

  private init(_ kind: String, did: String? = nil, issuer: String? = nil, contract: String? = nil) {
    (self.kind, self.did, self.issuer, self.contract) = (kind, did, issuer, contract)
  }

  init?(_ operation: ProtoOperation, network: Digest) {
    switch operation.kind {
    case .didCreate(let create):
      self.init("did_create", did: CairnDID(network: network, create: .sha256(Canonical.encode(create))).description)
    case .didUpdate(let update): self.init("did_update", did: update.did)
    case .didRotate(let rotate): self.init("did_rotate", did: rotate.did)
    case .didDeactivate(let deactivate): self.init("did_deactivate", did: deactivate.did)
    case .statusListCreate(let create): self.init("status_list_create", issuer: Self.issuer(ofList: create.list))
    case .statusListUpdate(let update): self.init("status_list_update", issuer: Self.issuer(ofList: update.list))
    case .statusListDelegate(let delegate): self.init("status_list_delegate", issuer: Self.issuer(ofList: delegate.list))
    case .sessionBatchCreate(let create): self.init("session_batch_create", issuer: create.controller)
    case .accessRecord(let record):
      // What is about no agent was never in the log.
      guard let request = try? AccessRequest(decoding: [UInt8](record.request)) else { return nil }
      self.init("access_record", did: request.principal.description, contract: request.contract.name)
    case .agentIsolate(let isolate): self.init("agent_isolate", did: isolate.did)
    case .agentRelease(let release): self.init("agent_release", did: release.did)
    case .contractDeploy(let deploy): self.init("contract_deploy", contract: deploy.contract.contract)
    case .contractUpgrade(let upgrade): self.init("contract_upgrade", contract: upgrade.contract.contract)
    case .contractFreeze(let freeze): self.init("contract_freeze", contract: freeze.contract)
    case .contractUnfreeze(let unfreeze): self.init("contract_unfreeze", contract: unfreeze.contract)
    case .contractAttest(let attest): self.init("contract_attest", contract: attest.contract)
    case .contractRetire(let retire): self.init("contract_retire", contract: retire.contract)
    case .governancePropose: self.init("governance_propose")
    case .governanceApprove: self.init("governance_approve")
    case .governanceWithdraw: self.init("governance_withdraw")
    case .evidenceSubmit: self.init("evidence_submit")
    case nil: return nil
    }
  }

  public init?(_ operation: LedgerOperation, network: Digest) { self.init(operation.message, network: network) }

  /// A list is named by its issuer's DID and a path.
  private static func issuer(ofList list: String) -> String { String(list.prefix { $0 != "/" }) }
}

extension Transaction {
  /// What the operations of a transaction of the finalized log are about. Cheaper than decoding it, because nothing is checked. Empty
  /// for bytes that are no transaction.
  public static func subjects(ofFinalized bytes: [UInt8], network: Digest) -> [OperationSubject] {
    guard let message = try? ProtoTransaction(serializedBytes: bytes), let body = try? ProtoTransactionBody(serializedBytes: message.body)
    else { return [] }
    return body.operations.compactMap { OperationSubject($0, network: network) }
  }
}
