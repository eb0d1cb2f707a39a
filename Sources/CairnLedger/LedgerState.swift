public import CairnChain
public import CairnCrypto
public import CairnIdentity
public import CairnMerkle

/// The ledger after one block: a version.
///
/// A value: a copy costs next to nothing, and each block is executed on a copy of its parent's version, so that the versions
/// of unfinalized blocks form a tree. What blocks changed that the store does not have yet is held in layers, one for each
/// block, shared by all versions that descend from it; ``finalize(through:)`` drops those that the store has meanwhile.
public struct LedgerState: Sendable {
  /// The last header, which is the last entry of ``frontier``.
  public let header: Header
  public let tree: StateTree
  public let frontier: LogFrontier
  public let parameters: Parameters
  /// Judges the operations of the next block.
  public let constitution: Constitution
  /// Of the next block: one above the header's when that is the last of its epoch.
  public let epoch: UInt64
  /// Who agrees on the next block.
  public let validators: ValidatorSet
  /// Unfinalized blocks, the oldest first.
  private var layers: [StateLayer]
  private let finalized: any FinalizedLedger
  let decoded: DecodedState
  let contracts: CompiledContracts

  init(
    header: Header, tree: StateTree, frontier: LogFrontier, rules: LedgerRules, layers: [StateLayer], finalized: any FinalizedLedger,
    decoded: DecodedState = DecodedState(), contracts: CompiledContracts = CompiledContracts()
  ) {
    precondition(tree.root == header.stateRoot && frontier.size == header.logSize + 1, "a header proves the state after its block")
    (self.header, self.tree, self.frontier) = (header, tree, frontier)
    (parameters, constitution, epoch, validators) = (rules.parameters, rules.constitution, rules.epoch, rules.validators)
    (self.layers, self.finalized) = (layers, finalized)
    (self.decoded, self.contracts) = (decoded, contracts)
  }

  /// The version of a finalized block, from the store.
  ///
  /// - Parameters:
  ///   - tree: after the block.
  ///   - frontier: of the log that ends with the header.
  public init(restoring header: Header, tree: StateTree, frontier: LogFrontier, over finalized: any FinalizedLedger) throws(LedgerFault) {
    guard tree.root == header.stateRoot, frontier.size == header.logSize + 1 else { throw .wrongState(height: header.height) }
    let key = Parameters.stateKey
    guard let bytes = try tree.record(forKey: key, in: finalized)?.bytes, let parameters = try? Parameters(decoding: bytes) else {
      throw .missingRecord(key: key)
    }
    let constitutionKey = ConstitutionRecord.stateKey
    guard let bytes = try tree.record(forKey: constitutionKey, in: finalized)?.bytes,
      let record = try? ConstitutionRecord(decoding: bytes), let constitution = try? Constitution(record.source)
    else { throw .missingRecord(key: constitutionKey) }
    let epoch = header.epoch + (header.fields.nextValidatorsHash == nil ? 0 : 1)
    let validatorsKey = ValidatorSet.stateKey(epoch: epoch)
    guard let bytes = try tree.record(forKey: validatorsKey, in: finalized)?.bytes, let validators = try? ValidatorSet(decoding: bytes)
    else { throw .missingRecord(key: validatorsKey) }
    let rules = LedgerRules(parameters: parameters, constitution: constitution, epoch: epoch, validators: validators)
    self.init(header: header, tree: tree, frontier: frontier, rules: rules, layers: [], finalized: finalized)
  }

  public var network: Digest { header.network }
  public var height: UInt64 { header.height }
  public var timeMilliseconds: UInt64 { header.timeMilliseconds }

  /// Drops the layers of the blocks up to this height, which the store has by now.
  public mutating func finalize(through height: UInt64) {
    layers.removeAll { $0.height <= height }
  }

  /// Blocks whose changes are held in memory for this version.
  public var unfinalizedCount: Int { layers.count }

  /// The version after this one, with a block's layer on top.
  func appending(
    _ layer: StateLayer, header: Header, tree: StateTree, frontier: LogFrontier, rules: LedgerRules
  ) -> LedgerState {
    LedgerState(
      header: header, tree: tree, frontier: frontier, rules: rules, layers: layers + [layer], finalized: finalized, decoded: decoded,
      contracts: contracts)
  }
}

/// What a block is judged by: what its parent's version says. Governance may change it, from the next block on.
struct LedgerRules: Sendable {
  var parameters: Parameters
  var constitution: Constitution
  var epoch: UInt64
  var validators: ValidatorSet
}

extension LedgerState {
  /// The DID at this version, `nil` when it does not exist.
  public func version(of did: CairnDID) throws(LedgerFault) -> DIDVersion? { try version(forKey: did.stateKey) }

  /// Whether the transaction could be in the next block, on its own.
  public func check(_ transaction: Authorized<Transaction>) throws(TransactionError) {
    var trial = BlockExecution(on: self, timeMilliseconds: timeMilliseconds)
    try trial.apply(transaction)
  }

  public func roles(of did: CairnDID) throws(LedgerFault) -> Roles { try roles(forKey: did.rolesKey) }

  /// The record of a row, `nil` when the row does not exist.
  public func record(forKey key: Digest) throws(LedgerFault) -> [UInt8]? {
    for layer in layers.reversed() {
      if let record = layer.record(forKey: key) { return record }
    }
    return try tree.record(forKey: key, in: finalized)?.bytes
  }

  /// An earlier version of a row's record, with its path to the peaks that the newest version has.
  ///
  /// - Parameters:
  ///   - index: versions before it.
  ///   - earlier: what the newest version commits to; more than `index` versions.
  public func earlierVersion(_ index: UInt64, forKey key: Digest, of earlier: LogFrontier) throws(LedgerFault) -> EarlierVersion {
    guard let version = try earlierVersions([index], forKey: key, of: earlier).first else { throw .missingRecord(key: key) }
    return version
  }

  /// As ``earlierVersion(_:forKey:of:)``, several at the cost of one: what takes time is the tree above them.
  public func earlierVersions(
    _ indices: [UInt64], forKey key: Digest, of earlier: LogFrontier
  ) throws(LedgerFault) -> [EarlierVersion] {
    guard !indices.isEmpty else { return [] }
    let hashes = try supersededLeafHashes(forKey: key, count: earlier.size)
    guard UInt64(hashes.count) == earlier.size else { throw .missingRecord(key: key) }
    let tree = LogExtension(of: LogFrontier(), appending: hashes)
    var versions: [EarlierVersion] = []
    for index in indices {
      guard let record = try supersededRecord(forKey: key, version: index), let proof = tree.proof(at: index) else {
        throw .missingRecord(key: key)
      }
      let version = EarlierVersion(index: index, record: record, path: proof.path)
      guard version.isCommitted(by: earlier) else { throw .wrongRecord(key: key) }
      versions.append(version)
    }
    return versions
  }

  /// A version of a row's record that a newer one replaced, as far as this version of the ledger knows it. Not checked.
  public func supersededRecord(forKey key: Digest, version: UInt64) throws(LedgerFault) -> [UInt8]? {
    for layer in layers.reversed() {
      if let record = layer.superseded[key]?.first(where: { $0.version == version }) { return record.record }
    }
    do { return try finalized.supersededRecord(forKey: key, version: version) } catch { throw .storage(String(describing: error)) }
  }

  private func supersededLeafHashes(forKey key: Digest, count: UInt64) throws(LedgerFault) -> [Digest] {
    var hashes: [Digest]
    do { hashes = try finalized.supersededLeafHashes(forKey: key, count: count) } catch { throw .storage(String(describing: error)) }
    for record in layers.lazy.compactMap({ $0.superseded[key] }).joined() where record.version == UInt64(hashes.count) {
      hashes.append(LogTree.leafHash(record.record))
    }
    return Array(hashes.prefix(Int(clamping: count)))
  }

  /// Whether this version's chain has the transaction among the blocks in which it may be.
  public func contains(transaction id: Digest) -> Bool {
    layers.contains { $0.transactions.contains(id) } || finalized.contains(transaction: id)
  }

  /// The proposals that trustees may still approve, ascending by id.
  public func openProposals() throws(LedgerFault) -> [GovernanceRecord.Open] {
    let key = GovernanceRecord.stateKey
    guard let bytes = try record(forKey: key), var index = try? GovernanceRecord(decoding: bytes) else { throw .wrongRecord(key: key) }
    index.removeExpired(atMilliseconds: timeMilliseconds)
    return index.open
  }

  func version(forKey key: Digest) throws(LedgerFault) -> DIDVersion? {
    for layer in layers.reversed() {
      if let version = layer.versions[key] { return version }
    }
    guard let row = tree[key] else { return nil }
    guard let value = try? StateValue(decoding: row), value.type == .did else { throw .wrongRecord(key: key) }
    if let record = decoded.dids.record(value.recordHash) { return DIDVersion(record: record, changedAt: value.changedAt) }
    guard let (_, bytes) = try tree.record(forKey: key, in: finalized), let record = try? DIDRecord(decoding: bytes) else {
      throw .wrongRecord(key: key)
    }
    decoded.dids.remember(record, hash: value.recordHash)
    return DIDVersion(record: record, changedAt: value.changedAt)
  }

  /// `nil` when there is no such list.
  func statusList(forKey key: Digest) throws(LedgerFault) -> StatusListRecord? {
    for layer in layers.reversed() {
      guard let bytes = layer.others[key] else { continue }
      guard let record = try? StatusListRecord(decoding: bytes) else { throw .wrongRecord(key: key) }
      return record
    }
    guard let row = tree[key] else { return nil }
    guard let value = try? StateValue(decoding: row) else { throw .wrongRecord(key: key) }
    if let record = decoded.lists.record(value.recordHash) { return record }
    guard let (_, bytes) = try tree.record(forKey: key, in: finalized), let record = try? StatusListRecord(decoding: bytes) else {
      throw .wrongRecord(key: key)
    }
    decoded.lists.remember(record, hash: value.recordHash)
    return record
  }

  func roles(forKey key: Digest) throws(LedgerFault) -> Roles {
    guard let bytes = try record(forKey: key) else { return .none }
    guard let roles = try? Roles(decoding: bytes) else { throw .wrongRecord(key: key) }
    return roles
  }
}

extension StateTree {
  /// The store's record of a row, checked against the row.
  fileprivate func record(forKey key: Digest, in finalized: any FinalizedLedger) throws(LedgerFault) -> (value: StateValue, bytes: [UInt8])?
  {
    guard let row = self[key] else { return nil }
    let record: [UInt8]?
    do { record = try finalized.record(forKey: key) } catch { throw .storage(String(describing: error)) }
    guard let record else { throw .missingRecord(key: key) }
    guard let value = try? StateValue(decoding: row), value.recordHash == .sha256(record) else { throw .wrongRecord(key: key) }
    return (value, record)
  }
}

/// A DID at one version, and when it became so.
public struct DIDVersion: Hashable, Sendable {
  public internal(set) var record: DIDRecord
  /// Log index of the entry that made the version.
  public internal(set) var changedAt: UInt64

  /// - Parameters:
  ///   - key: of the DID's row, which the caller has at hand.
  ///   - decoded: keeps the record at hand for whoever changes the DID next.
  func row(forKey key: Digest, keeping decoded: DecodedRecords<DIDRecord>? = nil) -> StateRow {
    let bytes = record.bytes
    let hash = Digest.sha256(bytes)
    decoded?.remember(record, hash: hash)
    let value = StateValue(type: .did, changedAt: changedAt, recordHash: hash, isTombstone: record.isDeactivated)
    return StateRow(key: key, value: value.bytes, record: bytes)
  }
}

/// A row of the state tree with the record that it commits to.
public struct StateRow: Hashable, Sendable {
  public let key: Digest
  /// A canonical `StateValue`.
  public let value: [UInt8]
  public let record: [UInt8]
}

/// What one unfinalized block changed.
final class StateLayer: Sendable {
  let height: UInt64
  let versions: [Digest: DIDVersion]
  /// Records of rows that are not about DIDs.
  let others: [Digest: [UInt8]]
  /// By row, in their order.
  let superseded: [Digest: [SupersededRecord]]
  let transactions: Set<Digest>

  init(
    height: UInt64, versions: [Digest: DIDVersion], others: [Digest: [UInt8]], superseded: [SupersededRecord], transactions: Set<Digest>
  ) {
    (self.height, self.versions, self.others, self.transactions) = (height, versions, others, transactions)
    self.superseded = Dictionary(grouping: superseded, by: \.key)
  }

  func record(forKey key: Digest) -> [UInt8]? { others[key] ?? versions[key]?.record.bytes }
}
