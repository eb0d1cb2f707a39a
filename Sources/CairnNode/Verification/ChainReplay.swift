import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnStore

/// Executes blocks one after the other and compares what comes out with what was stored.
struct ChainReplay {
  private let archive: StoreArchive
  private let storedState: StateHead?
  private let records: ReplayedRecords
  private let first: GenesisBlock
  private var state: LedgerState
  private var edge = LogTileEdge()
  private(set) var nextHeight: UInt64 = 0
  /// The lowest block that no certificate has finalized so far.
  private var unfinalized: UInt64?
  private var summary = ChainVerification.Summary()

  init(genesis: Genesis, archive: StoreArchive, storedState: StateHead?) {
    (self.archive, self.storedState) = (archive, storedState)
    records = ReplayedRecords(rememberedBlocks: UInt64(Parameters.maximumValidityBlocks))
    first = GenesisBlock(genesis, over: records)
    state = first.state
  }

  /// Whose signatures the next block has.
  var consensus: ConsensusVerifier { ConsensusVerifier(network: state.network, epoch: state.epoch, validators: state.validators) }

  mutating func execute(_ block: StoredBlock, _ signed: SignedBlock) throws(ChainDamage) {
    let changed = nextHeight == 0 ? try begin(block) : try apply(block, signed)
    records.add(
      height: nextHeight, rows: changed.rows, superseded: changed.superseded, transactionIDs: signed.transactions.map(\.value.id))
    state.finalize(through: nextHeight)
    try checkFinalization(of: block)
    try extendLog(block.block)
    try checkStoredState()
    count(signed)
    nextHeight += 1
  }

  private typealias Changed = (rows: [CairnLedger.StateRow], superseded: [SupersededRecord])

  private func begin(_ block: StoredBlock) throws(ChainDamage) -> Changed {
    guard block.header == first.header, block.block.transactions.isEmpty else { throw .otherGenesis }
    return (first.rows, [])
  }

  private mutating func apply(_ block: StoredBlock, _ signed: SignedBlock) throws(ChainDamage) -> Changed {
    let header = block.header
    guard header.height == nextHeight, header.parent == state.header.digest else { throw .parent(height: nextHeight) }
    // The last block of an epoch may have been proposed again, on its own certificate.
    if let parent = block.proposal.parent, parent.statement.digest != header.parent,
      header.fields.nextValidatorsHash == nil || parent.statement.digest != header.digest
    {
      throw .otherParent(height: nextHeight)
    }
    var execution = BlockExecution(on: state, timeMilliseconds: header.timeMilliseconds)
    for (position, transaction) in signed.transactions.enumerated() {
      do { try execution.apply(transaction) } catch { throw .transaction(height: nextHeight, position: position, error) }
    }
    let executed = execution.finish()
    do { state = try executed.sealed(with: header) } catch { throw .header(height: nextHeight, error) }
    return (executed.rows, executed.superseded)
  }

  /// The genesis block needs no certificate: it follows from the genesis.
  private mutating func checkFinalization(of block: StoredBlock) throws(ChainDamage) {
    guard let finalization = block.finalization else {
      if nextHeight > 0, unfinalized == nil { unfinalized = nextHeight }
      return
    }
    guard finalization.statement.kind == .finalize, finalization.statement.digest == block.header.digest else {
      throw .otherFinalization(height: nextHeight)
    }
    unfinalized = nil
  }

  private mutating func extendLog(_ block: Block) throws(ChainDamage) {
    for entry in block.logEntries {
      for tile in edge.append(entry.leafHash) {
        let stored: [Digest]
        do { stored = try archive.chain.fullTile(tile.coordinate) } catch {
          throw (error as? StoreError).map(ChainDamage.store) ?? .tile(tile.coordinate)
        }
        guard stored == tile.hashes else { throw .tile(tile.coordinate) }
        summary.tiles += 1
      }
    }
  }

  /// Where `state.db` stands, it has exactly the rows of this state.
  private mutating func checkStoredState() throws(ChainDamage) {
    guard let storedState, storedState.height == nextHeight else { return }
    guard storedState.root == state.header.stateRoot else { throw .stateRoot(height: nextHeight) }
    let (tree, records) = (state.tree, records)
    var found = 0
    var damaged: Digest?
    try reading { () throws(StoreError) in
      try archive.state.forEachRow { row in
        found += 1
        if tree[row.key] != row.value || records.record(forKey: row.key) != row.record { damaged = damaged ?? row.key }
      }
    }
    if let damaged { throw .stateRow(key: damaged) }
    guard found == tree.count else { throw .stateCount(expected: tree.count, found: found) }
    try checkStoredHistory()
    summary.storedStateHeight = nextHeight
  }

  /// And exactly the versions that those rows replaced.
  private func checkStoredHistory() throws(ChainDamage) {
    let records = records
    var found = 0
    var damaged: Digest?
    try reading { () throws(StoreError) in
      try archive.state.forEachSuperseded { row in
        found += 1
        if records.supersededLeafHash(forKey: row.key, version: row.version) != row.leafHash { damaged = damaged ?? row.key }
      }
    }
    if let damaged { throw .supersededRow(key: damaged) }
    guard found == records.supersededCount else { throw .supersededCount(expected: records.supersededCount, found: found) }
  }

  private mutating func count(_ signed: SignedBlock) {
    summary.transactions += signed.transactions.count
    summary.operations += signed.transactions.reduce(0) { $0 + $1.value.operations.count }
    summary.certificates += signed.certificates
    summary.signatures += signed.signatures
  }

  /// After the last block.
  func finish() throws(ChainDamage) -> ChainVerification.Summary {
    if let unfinalized { throw .unfinalized(height: unfinalized) }
    var summary = summary
    summary.height = state.height
    summary.entries = edge.size
    summary.stateRows = state.tree.count
    return summary
  }
}
