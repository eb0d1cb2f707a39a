public import CairnCrypto
import CairnIdentity
import CairnMessages
import SwiftProtobuf

/// What an operation of the finalized log is about: as much as subscribers choose operations by.
public struct OperationSubject: Hashable, Sendable {
  /// The names that ``kind`` can have: those of the fields of the `Operation` message.
  public static let kinds: Set<String> = [
    "did_create", "did_update", "did_rotate", "did_deactivate", "status_list_create", "status_list_update", "status_list_delegate",
    "session_batch_create", "agent_isolate", "agent_release",
    "governance_propose", "governance_approve", "governance_withdraw",
  ]

  /// One of ``kinds``.
  public let kind: String
  /// The DID that is made, changed, isolated or released; `nil` for an operation on a status list.
  public let did: String?
  /// Of the status list or session batch that is made or changed.
  public let issuer: String?

  init?(_ operation: ProtoOperation, network: Digest) {
    switch operation.kind {
    case .didCreate(let create):
      let did = CairnDID(network: network, create: .sha256(Canonical.encode(create)))
      (kind, self.did, issuer) = ("did_create", did.description, nil)
    case .didUpdate(let update): (kind, did, issuer) = ("did_update", update.did, nil)
    case .didRotate(let rotate): (kind, did, issuer) = ("did_rotate", rotate.did, nil)
    case .didDeactivate(let deactivate): (kind, did, issuer) = ("did_deactivate", deactivate.did, nil)
    case .statusListCreate(let create): (kind, did, issuer) = ("status_list_create", nil, Self.issuer(ofList: create.list))
    case .statusListUpdate(let update): (kind, did, issuer) = ("status_list_update", nil, Self.issuer(ofList: update.list))
    case .statusListDelegate(let delegate): (kind, did, issuer) = ("status_list_delegate", nil, Self.issuer(ofList: delegate.list))
    case .sessionBatchCreate(let create): (kind, did, issuer) = ("session_batch_create", nil, create.controller)
    case .agentIsolate(let isolate): (kind, did, issuer) = ("agent_isolate", isolate.did, nil)
    case .agentRelease(let release): (kind, did, issuer) = ("agent_release", release.did, nil)
    case .governancePropose: (kind, did, issuer) = ("governance_propose", nil, nil)
    case .governanceApprove: (kind, did, issuer) = ("governance_approve", nil, nil)
    case .governanceWithdraw: (kind, did, issuer) = ("governance_withdraw", nil, nil)
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
