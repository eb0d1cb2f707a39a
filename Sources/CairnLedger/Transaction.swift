import CairnChain
public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

/// A transaction of the right shape. ``Authorized`` says that its signatures and contents are right.
public struct Transaction: Sendable {
  public static let domain = Domain("cairn/tx/v1")
  static let idDomain = Domain("cairn/tx-id/v1")
  /// Fits a document with everything that documents may have, and a message of 64 KiB with its framing.
  public static let byteLimit = 60 << 10
  /// As many creations of one key each as fit into the bytes; and one transaction delays the others in its block by a few milliseconds.
  public static let operationLimit = 256
  /// The largest quorum of one list (16), for several DIDs. Each costs every node 39 microseconds.
  public static let signatureLimit = 64
  public static let nonceByteCount = 16

  /// The canonical encoding.
  public let bytes: [UInt8]
  /// The canonical `TransactionBody`: what is signed.
  public let body: [UInt8]
  /// H("cairn/tx-id/v1" || 0x00 || body).
  public let id: Digest
  /// Of the log entry.
  public let leafHash: Digest
  /// The DID that answers for the transaction.
  public let submitter: CairnDID
  /// The last block that may have it.
  public let notAfterHeight: UInt64
  /// Two transactions that do the same differ in it.
  public let nonce: [UInt8]
  /// 1...256.
  public let operations: [LedgerOperation]
  /// 1...64, ascending by key.
  public let signatures: [KeySignature]
  public let network: Digest
  let submitterKey: Digest
  let submitterIsolationKey: Digest

  /// Decodes strictly and checks the shape; neither signatures nor documents, see ``TransactionVerifier``.
  ///
  /// - Parameter network: the one that the transaction must be for.
  public init(decoding bytes: [UInt8], network: Digest) throws(TransactionError) {
    let message: ProtoTransaction
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw TransactionError(error, field: "transaction") }
    let body = [UInt8](message.body)
    let contents: ProtoTransactionBody
    do { contents = try Canonical.decode(from: body, limit: Self.byteLimit) } catch { throw TransactionError(error, field: "body") }
    guard Digest(contents.network) == network else { throw .wrongNetwork }
    guard let submitter = try? CairnDID(parsing: contents.submitter) else { throw .malformed("submitter") }
    guard submitter.isOf(network: network) else { throw .wrongNetwork }
    guard contents.nonce.count == Self.nonceByteCount else { throw .malformed("nonce") }
    guard (1...Self.operationLimit).contains(contents.operations.count) else { throw .operationCount(contents.operations.count) }
    signatures = try Self.signatures(message.signatures)
    operations = try Self.operations(contents.operations, network: network)
    (self.bytes, self.body, self.network, self.submitter) = (bytes, body, network, submitter)
    notAfterHeight = contents.notAfterHeight
    nonce = [UInt8](contents.nonce)
    id = .sha256(Self.idDomain, body)
    leafHash = Self.leafHash(of: bytes)
    submitterKey = submitter.stateKey
    submitterIsolationKey = submitter.isolationKey
  }

  private static func signatures(_ messages: [ProtoSignature]) throws(TransactionError) -> [KeySignature] {
    guard (1...signatureLimit).contains(messages.count) else { throw .signatureCount(messages.count) }
    let signatures = messages.compactMap(KeySignature.init)
    guard signatures.count == messages.count else { throw .malformed("signatures") }
    guard signatures.isAscending else { throw .signatureOrder }
    return signatures
  }

  private static func operations(_ messages: [ProtoOperation], network: Digest) throws(TransactionError) -> [LedgerOperation] {
    var operations: [LedgerOperation] = []
    operations.reserveCapacity(messages.count)
    for (index, message) in messages.enumerated() {
      do { operations.append(try LedgerOperation(message, network: network)) } catch { throw TransactionError(operation: index, error) }
    }
    return operations
  }
}

extension Transaction {
  /// Of the log entry with a transaction of these bytes.
  public static func leafHash(of bytes: [UInt8]) -> Digest { LogEntry.transaction(bytes).leafHash }

  /// The id of a transaction that was verified before: of one in the finalized log, whose bytes are canonical. `nil` for bytes
  /// that are no transaction.
  public static func id(ofFinalized bytes: [UInt8]) -> Digest? {
    guard let message = try? ProtoTransaction(serializedBytes: bytes) else { return nil }
    return .sha256(idDomain, [UInt8](message.body))
  }
}

extension Transaction {
  /// What a transaction of the finalized log is found under: its id, and the state keys of the DIDs, status lists, isolations and contracts
  /// that it changes, ascending. Cheaper than decoding it, because nothing is checked. Empty for bytes that are no transaction.
  public static func lookUpKeys(ofFinalized bytes: [UInt8], network: Digest) -> [Digest] {
    guard let message = try? ProtoTransaction(serializedBytes: bytes), let body = try? ProtoTransactionBody(serializedBytes: message.body)
    else { return [] }
    let changed = Set(body.operations.compactMap { stateKey(ofFinalized: $0, network: network) }).sorted()
    return [.sha256(idDomain, [UInt8](message.body))] + changed
  }

  private static func stateKey(ofFinalized operation: ProtoOperation, network: Digest) -> Digest? {
    let did: String
    switch operation.kind {
    case .governancePropose(let propose): return ProposalID(of: propose).stateKey
    case .governanceApprove(let approve): return ProposalID(approve.proposal)?.stateKey
    case .governanceWithdraw(let withdraw): return ProposalID(withdraw.proposal)?.stateKey
    case .statusListCreate(let create): return listKey(create.list)
    case .statusListUpdate(let update): return listKey(update.list)
    case .statusListDelegate(let delegate): return listKey(delegate.list)
    case .sessionBatchCreate(let create):
      guard let controller = try? CairnDID(parsing: create.controller) else { return nil }
      return SessionBatchCreate.list(create, controller: controller).stateKey
    case .didCreate(let create): did = CairnDID(network: network, create: .sha256(Canonical.encode(create))).description
    case .didUpdate(let update): did = update.did
    case .didRotate(let rotate): did = rotate.did
    case .didDeactivate(let deactivate): did = deactivate.did
    case .agentIsolate(let isolate): return isolationKey(isolate.did)
    case .agentRelease(let release): return isolationKey(release.did)
    case .accessRecord(let record): return RecordedAccess.stateKey(AccessRequest.id(of: [UInt8](record.request)))
    case .contractDeploy(let deploy): return contractKey(deploy.contract.contract)
    case .contractUpgrade(let upgrade): return contractKey(upgrade.contract.contract)
    case .contractFreeze(let freeze): return contractKey(freeze.contract)
    case .contractUnfreeze(let unfreeze): return contractKey(unfreeze.contract)
    case .contractAttest(let attest): return contractKey(attest.contract)
    case .contractRetire(let retire): return contractKey(retire.contract)
    case .evidenceSubmit(let submit): return (try? Evidence(decoding: [UInt8](submit.evidence)))?.stateKey
    case nil: return nil
    }
    return .stateKey(type: StateType.did.rawValue, id: Array(did.utf8))
  }

  private static func isolationKey(_ did: String) -> Digest { .stateKey(type: StateType.isolation.rawValue, id: Array(did.utf8)) }

  private static func contractKey(_ contract: String) -> Digest {
    .stateKey(type: StateType.contract.rawValue, id: Array(contract.utf8))
  }

  private static func listKey(_ list: String) -> Digest { .stateKey(type: StateType.statusList.rawValue, id: Array(list.utf8)) }
}

extension Transaction {
  /// The rows of the state on which it depends most whether the transaction applies: of its submitter and the roles of that, and of what its
  /// operations are about.
  public var relatedKeys: [Digest] { [submitterKey, submitter.rolesKey] + operations.map(\.stateKey) }
}

extension Transaction: Hashable {
  public static func == (left: Transaction, right: Transaction) -> Bool { left.bytes == right.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
