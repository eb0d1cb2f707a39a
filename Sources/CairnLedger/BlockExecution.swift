import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle

/// The execution of one block on its parent's version: transactions one by one, each whole or not at all.
///
/// The same for the leader, who drops what is refused, and for the others, who refuse the block with it.
public struct BlockExecution: Sendable {
  let parent: LedgerState
  /// Header time of the block, Unix time.
  public let timeMilliseconds: UInt64
  /// The DIDs that the block changed.
  private(set) var versions: [Digest: DIDVersion] = [:]
  /// Those that the transaction at hand changed so far: later operations see what earlier ones did.
  var pending: [Digest: DIDVersion] = [:]
  /// What was read from the parent, so that a registrar is decoded once a block. At most what the transactions name.
  private var loaded: [Digest: DIDVersion] = [:]
  private var loadedRoles: [CairnDID: Roles] = [:]
  /// Those that the block changed, and the transaction at hand so far.
  private var changedRoles: [CairnDID: Roles] = [:]
  private var pendingRoles: [CairnDID: Roles] = [:]
  /// Rows that are not about DIDs, likewise.
  private(set) var records: [Digest: RecordVersion] = [:]
  private(set) var pendingRecords: [Digest: RecordVersion] = [:]
  /// Lists that the parent has, decoded.
  private var loadedLists: [Digest: StatusListRecord] = [:]
  /// What the parent has of them, or has not.
  private var loadedRecords: [Digest: [UInt8]?] = [:]
  /// Records of the parent that newer versions replaced, in the order in which that happened.
  private var superseded: [SupersededRecord] = []
  private var pendingSuperseded: [SupersededRecord] = []
  /// What the block took so far, and the transaction at hand.
  private var spending = BlockSpending()
  private var pendingSpending = BlockSpending()
  private var transactions: Set<Digest> = []
  private var leafHashes: [Digest] = []
  /// Of the transactions that were applied.
  public private(set) var byteCount = 0

  public init(on parent: LedgerState, timeMilliseconds: UInt64) {
    (self.parent, self.timeMilliseconds) = (parent, timeMilliseconds)
  }

  /// Height of the block.
  public var height: UInt64 { parent.height + 1 }
  /// Log index of the next transaction.
  public var logIndex: UInt64 { parent.frontier.size + UInt64(leafHashes.count) }
  /// Transactions that were applied.
  public var count: Int { leafHashes.count }

  /// Whether the transaction fits by its size. One that does may still find that the block cannot afford it, and another may be
  /// affordable then.
  public func hasRoom(for transaction: Transaction) -> Bool {
    byteCount + transaction.bytes.count <= Int(parent.parameters.maxBlockBytes) && count < Block.transactionCountLimit
  }

  /// Applies the transaction whole, or throws and changes nothing.
  ///
  /// - Returns: the transaction's log index.
  @discardableResult
  public mutating func apply(_ transaction: Authorized<Transaction>) throws(TransactionError) -> UInt64 {
    let index = logIndex
    try checkForm(of: transaction.value)
    try checkValidity(of: transaction.value)
    try checkNovelty(of: transaction.value)
    try checkRoom(for: transaction.value)
    try checkSubmitter(of: transaction)
    defer { forgetPending() }
    try executeOperations(of: transaction)
    versions.merge(pending) { _, new in new }
    records.merge(pendingRecords) { _, new in new }
    changedRoles.merge(pendingRoles) { _, new in new }
    superseded += pendingSuperseded
    spending += pendingSpending
    transactions.insert(transaction.value.id)
    leafHashes.append(transaction.value.leafHash)
    byteCount += transaction.value.bytes.count
    return index
  }

  /// The block's result, from which its header follows.
  public consuming func finish() -> ExecutedBlock {
    let changed = versions.map { $0.value.row(forKey: $0.key, keeping: parent.decoded.dids) } + records.map { $0.value.row(forKey: $0.key) }
    return ExecutedBlock(
      parent: parent, timeMilliseconds: timeMilliseconds, rows: changed.sorted { $0.key < $1.key }, superseded: superseded,
      leafHashes: leafHashes, rules: rulesOfNextBlock,
      layer: StateLayer(
        height: height, versions: versions, others: records.mapValues(\.record), superseded: superseded, transactions: transactions))
  }
}

extension BlockExecution {
  /// What governance may have changed in this block.
  private var rulesOfNextBlock: LedgerRules {
    var rules = LedgerRules(
      parameters: parent.parameters, constitution: parent.constitution, epoch: parent.epoch, validators: parent.validators)
    if let bytes = records[ValidatorSet.stateKey(epoch: parent.epoch + 1)]?.record {
      guard let validators = try? ValidatorSet(decoding: bytes) else { preconditionFailure("the record was written here") }
      (rules.epoch, rules.validators) = (parent.epoch + 1, PlantedBug.nextValidatorsIgnored.isPlanted ? parent.validators : validators)
    }
    if let bytes = records[Parameters.stateKey]?.record {
      guard let parameters = try? Parameters(decoding: bytes) else { preconditionFailure("the record was written here") }
      rules.parameters = parameters
    }
    if let bytes = records[ConstitutionRecord.stateKey]?.record {
      guard let record = try? ConstitutionRecord(decoding: bytes), let constitution = try? Constitution(record.source) else {
        preconditionFailure("no constitution comes into force without being compiled")
      }
      rules.constitution = constitution
    }
    return rules
  }

  private func checkForm(of transaction: Transaction) throws(TransactionError) {
    let limit = Int(parent.parameters.maxTransactionBytes)
    guard transaction.bytes.count <= limit else { throw .tooLarge(limit: limit, actual: transaction.bytes.count) }
    guard transaction.network == parent.network else { throw .wrongNetwork }
  }

  /// Not after its last height, and not so far before it that its id would be forgotten meanwhile.
  private func checkValidity(of transaction: Transaction) throws(TransactionError) {
    let last = transaction.notAfterHeight
    guard height <= last || PlantedBug.expiryIgnored.isPlanted else { throw .expired(notAfterHeight: last, height: height) }
    let limit = height + UInt64(parent.parameters.maxValidityBlocks)
    guard last <= limit else { throw .tooFarAhead(notAfterHeight: last, limit: limit) }
  }

  private func checkNovelty(of transaction: Transaction) throws(TransactionError) {
    guard !transactions.contains(transaction.id), !parent.contains(transaction: transaction.id) else { throw .duplicate }
  }

  private func checkRoom(for transaction: Transaction) throws(TransactionError) {
    guard hasRoom(for: transaction) else { throw .blockFull }
  }

  /// The submitter exists, is active and not isolated, and its update keys signed.
  private mutating func checkSubmitter(of transaction: Authorized<Transaction>) throws(TransactionError) {
    let submitter: DIDVersion?
    do { submitter = try version(forKey: transaction.value.submitterKey) } catch { throw .unavailable(error) }
    guard let record = submitter?.record else { throw .unknownSubmitter(transaction.value.submitter) }
    guard !record.isDeactivated else { throw .submitterDeactivated(transaction.value.submitter) }
    let isIsolated: Bool
    do { isIsolated = try self.isIsolated(transaction.value.submitterIsolationKey) } catch {
      throw TransactionError(operation: 0, error)
    }
    guard !isIsolated else { throw .submitterIsolated(transaction.value.submitter) }
    guard transaction.signers.meetUpdateThreshold(of: record.control) || PlantedBug.submitterUnsigned.isPlanted else {
      throw .submitterThresholdNotMet
    }
  }

  /// Leaves what the operations lead to in `pending`.
  private mutating func executeOperations(of transaction: Authorized<Transaction>) throws(TransactionError) {
    for (index, operation) in transaction.value.operations.enumerated() {
      do { try execute(operation, documentHash: transaction.documentHashes[index], of: transaction) } catch {
        throw TransactionError(operation: index, error)
      }
    }
  }
}

/// A record of a row that is not about a DID, and when it became so.
struct RecordVersion {
  let type: StateType
  let record: [UInt8]
  /// Log index of the entry that made the version.
  let changedAt: UInt64

  func row(forKey key: Digest) -> StateRow {
    StateRow(key: key, value: StateValue(type: type, changedAt: changedAt, recordHash: .sha256(record)).bytes, record: record)
  }
}

extension BlockExecution {
  /// The newest version of a DID: as this transaction, this block, or the parent left it.
  mutating func version(forKey key: Digest) throws(LedgerFault) -> DIDVersion? {
    if let version = pending[key] ?? versions[key] ?? loaded[key] { return version }
    let version = try parent.version(forKey: key)
    loaded[key] = version
    return version
  }

  /// The newest record of a row that is not about a DID.
  mutating func record(forKey key: Digest) throws(OperationError) -> [UInt8]? {
    if let version = pendingRecords[key] ?? records[key] { return version.record }
    if let loaded = loadedRecords[key] { return loaded }
    let record: [UInt8]?
    do { record = try parent.record(forKey: key) } catch { throw .unavailable(error) }
    loadedRecords.updateValue(record, forKey: key)
    return record
  }

  /// The newest record of a status list; `nil` when there is no such list.
  mutating func statusList(forKey key: Digest) throws(OperationError) -> StatusListRecord? {
    if let version = pendingRecords[key] ?? records[key] {
      guard let record = try? StatusListRecord(decoding: version.record) else { throw .unavailable(.wrongRecord(key: key)) }
      return record
    }
    if let loaded = loadedLists[key] { return loaded }
    let list: StatusListRecord?
    do { list = try parent.statusList(forKey: key) } catch { throw .unavailable(error) }
    loadedLists[key] = list
    return list
  }

  mutating func set(_ version: RecordVersion, forKey key: Digest) { pendingRecords[key] = version }

  /// Keeps what a newer version replaces, so that it can be proven later.
  mutating func supersede(_ record: SupersededRecord) { pendingSuperseded.append(record) }

  private mutating func forgetPending() {
    pending.removeAll(keepingCapacity: true)
    pendingRecords.removeAll(keepingCapacity: true)
    pendingRoles.removeAll(keepingCapacity: true)
    pendingSuperseded.removeAll(keepingCapacity: true)
    pendingSpending = BlockSpending()
  }

  /// Takes note of what an operation takes, as long as the block has room for it.
  mutating func spend(_ more: BlockSpending) throws(OperationError) {
    pendingSpending += more
    guard pendingSpending.isAffordable else { throw .beyondBlock }
    guard (spending + pendingSpending).isAffordable else { throw .noRoom }
  }

  /// Beside the row that is set.
  mutating func setPendingRoles(_ roles: Roles, of did: CairnDID) { pendingRoles[did] = roles }

  mutating func roles(of did: CairnDID) throws(OperationError) -> Roles {
    if let roles = pendingRoles[did] ?? changedRoles[did] ?? loadedRoles[did] { return roles }
    let roles: Roles
    do { roles = try parent.roles(of: did) } catch { throw .unavailable(error) }
    loadedRoles[did] = roles
    return roles
  }
}
