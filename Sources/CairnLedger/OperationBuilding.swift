public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// What clients make operations with. Each throws what any reader would refuse about the operation's shape.
extension LedgerOperation {
  /// The new DID is the result's ``did``.
  ///
  /// - Parameter salt: 16 bytes, by which two identities with equal keys and documents differ; random ones will do.
  public static func create(
    control: Control, document: DIDDocument, salt: [UInt8], network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var create = ProtoDidCreate()
    create.control = control.message
    create.document = EncodedDocument(document).message
    create.salt = Data(salt)
    return try make(.didCreate(create), network: network)
  }

  /// - Parameter head: the version that the operation replaces.
  public static func update(
    _ did: CairnDID, after head: DIDHead, document: DIDDocument, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var update = ProtoDidUpdate()
    update.did = did.description
    update.sequence = head.sequence &+ 1
    update.previous = Data(head.hash.bytes)
    update.document = EncodedDocument(document).message
    return try make(.didUpdate(update), network: network)
  }

  /// - Parameter document: `nil` leaves the document as it is.
  public static func rotate(
    _ did: CairnDID, after head: DIDHead, authority: Authority = .next, control: Control, document: DIDDocument? = nil, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var rotate = ProtoDidRotate()
    rotate.did = did.description
    rotate.sequence = head.sequence &+ 1
    rotate.previous = Data(head.hash.bytes)
    rotate.authority = authority.message
    rotate.control = control.message
    if let document { rotate.document = EncodedDocument(document).message }
    return try make(.didRotate(rotate), network: network)
  }

  public static func deactivate(
    _ did: CairnDID, after head: DIDHead, authority: Authority = .next, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var deactivate = ProtoDidDeactivate()
    deactivate.did = did.description
    deactivate.sequence = head.sequence &+ 1
    deactivate.previous = Data(head.hash.bytes)
    deactivate.authority = authority.message
    return try make(.didDeactivate(deactivate), network: network)
  }

  /// - Parameters:
  ///   - length: bits, as ``StatusList/lengths`` allows.
  ///   - revokers: in any order.
  public static func createStatusList(
    _ list: StatusListID, purpose: StatusListPurpose, length: UInt32 = StatusList.lengths.lowerBound, revokers: [CairnDID] = [],
    network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var create = ProtoStatusListCreate()
    create.list = list.description
    create.purpose = purpose.message
    create.length = length
    create.revokers = sorted(revokers)
    return try make(.statusListCreate(create), network: network)
  }

  /// - Parameters:
  ///   - set: indices in any order; twice is once.
  ///   - clear: likewise.
  public static func updateStatusList(
    _ list: StatusListID, set: some Sequence<UInt32>, clear: some Sequence<UInt32> = [], network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var update = ProtoStatusListUpdate()
    update.list = list.description
    update.set = Set(set).sorted()
    update.clear = Set(clear).sorted()
    return try make(.statusListUpdate(update), network: network)
  }

  /// - Parameter revokers: all that there shall be, in any order.
  public static func delegateStatusList(
    _ list: StatusListID, to revokers: [CairnDID], network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var delegate = ProtoStatusListDelegate()
    delegate.list = list.description
    delegate.revokers = sorted(revokers)
    return try make(.statusListDelegate(delegate), network: network)
  }

  /// - Parameters:
  ///   - root: RFC 6962 root over `count` canonical `DidCreate` messages.
  ///   - expiresMilliseconds: Unix time.
  ///   - salt: 16 bytes, by which two equal batches differ.
  public static func createSessionBatch(
    controller: CairnDID, root: Digest, count: UInt32, expiresMilliseconds: UInt64, salt: [UInt8], revokers: [CairnDID] = [],
    network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var create = ProtoSessionBatchCreate()
    create.controller = controller.description
    create.root = Data(root.bytes)
    create.count = count
    create.expiresMs = expiresMilliseconds
    create.salt = Data(salt)
    create.revokers = sorted(revokers)
    return try make(.sessionBatchCreate(create), network: network)
  }

  /// - Parameter contract: a first version.
  public static func deploy(_ contract: ContractVersion, network: Digest) throws(OperationError) -> LedgerOperation {
    var deploy = ProtoContractDeploy()
    deploy.contract = contract.message
    return try make(.contractDeploy(deploy), network: network)
  }

  /// - Parameters:
  ///   - contract: the version after the one in force.
  ///   - guardian: signs too; needed when a `forbid` goes.
  public static func upgrade(
    to contract: ContractVersion, guardian: CairnDID? = nil, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var upgrade = ProtoContractUpgrade()
    upgrade.contract = contract.message
    upgrade.guardian = guardian?.description ?? ""
    return try make(.contractUpgrade(upgrade), network: network)
  }

  public static func freeze(_ contract: ContractID, network: Digest) throws(OperationError) -> LedgerOperation {
    var freeze = ProtoContractFreeze()
    freeze.contract = contract.name
    return try make(.contractFreeze(freeze), network: network)
  }

  /// - Parameters:
  ///   - record: the contract as the two guardians have seen it.
  ///   - guardian: signs too, beside the submitter.
  public static func unfreeze(
    _ record: ContractRecord, guardian: CairnDID, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var unfreeze = ProtoContractUnfreeze()
    unfreeze.contract = record.id.name
    unfreeze.sequence = record.sequence
    unfreeze.hash = Data(record.hash.bytes)
    unfreeze.guardian = guardian.description
    return try make(.contractUnfreeze(unfreeze), network: network)
  }

  /// - Parameters:
  ///   - hash: of the version in force.
  ///   - statement: what was found, at most ``ContractAttest/statementByteLimit`` bytes.
  public static func attest(
    _ contract: ContractID, hash: Digest, statement: String = "", network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var attest = ProtoContractAttest()
    attest.contract = contract.name
    attest.hash = Data(hash.bytes)
    attest.statement = statement
    return try make(.contractAttest(attest), network: network)
  }

  public static func retire(_ contract: ContractID, network: Digest) throws(OperationError) -> LedgerOperation {
    var retire = ProtoContractRetire()
    retire.contract = contract.name
    return try make(.contractRetire(retire), network: network)
  }

  private static func sorted(_ dids: [CairnDID]) -> [String] {
    Set(dids).map(\.description).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static func make(_ kind: ProtoOperation.OneOf_Kind, network: Digest) throws(OperationError) -> LedgerOperation {
    var message = ProtoOperation()
    message.kind = kind
    return try LedgerOperation(message, network: network)
  }
}

extension Authority {
  fileprivate var message: ProtoAuthority { ProtoAuthority(rawValue: Int(rawValue)) ?? .unspecified }
}
