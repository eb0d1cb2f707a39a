import CairnChain
import CairnConsensus
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnStore

/// Brings a node back to where its data directory says it was: the chain decides, and what trails it is executed again.
struct Recovery: Sendable {
  let records: FinalizedRecords
  let reader: ChainReader
  /// The block that the epoch goes on from: the network's first, or the last one of the epoch before.
  let epochGenesis: Header
  /// The ledger after the newest durable block.
  let state: LedgerState
  /// The finalization of that block, and n of its epoch; `nil` for the genesis block.
  let finalization: (header: Header, certificate: Certificate, validatorCount: Int)?
  /// Proven faults that were seen before, in this epoch and the last ones.
  let evidence: [Evidence]
  /// What the engine starts from.
  let consensus: RecoveredState

  init(_ genesis: Genesis, store: Store) throws(NodeFailure) {
    let records = FinalizedRecords(
      reader: try storing { () throws(StoreError) in try store.stateReader() },
      rememberedBlocks: UInt64(Parameters.maximumValidityBlocks))
    let reader = try storing { () throws(StoreError) in try store.chainReader() }
    let block = GenesisBlock(genesis, over: records)
    try storing { () throws(StoreError) in
      if store.chain.head == nil { try store.chain.write(Self.firstBatch(block, validatorCount: genesis.validators.count)) }
      if store.state.head == nil { try store.state.apply(block.rows.map(\.stored), height: 0, root: block.header.stateRoot) }
    }
    guard try storing({ () throws(StoreError) in try reader.header(height: 0)?.digest }) == block.header.digest else {
      throw .wrongGenesis
    }
    state = try StateReplay(genesis: genesis, store: store, reader: reader, records: records).run()
    let head = state.header
    let epoch = state.epoch
    (finalization, evidence, consensus) = try storing { () throws(StoreError) in
      if !PlantedBug.indexBehind.isPlanted { try store.index.catchUp(from: reader) }
      let finalization = head.height == 0 ? nil : try reader.finalization(covering: head.height)
      var evidence: [Evidence] = []
      for earlier in 0...min(epoch, Self.evidenceEpochs) { evidence += try reader.evidence(epoch: epoch - earlier) }
      return (finalization, evidence, try Self.consensus(store, reader, head, finalization?.certificate, epoch: epoch))
    }
    epochGenesis = try Self.genesis(of: state, block.header, reader)
    (self.records, self.reader) = (records, reader)
  }

  /// Epochs before this one whose proven faults are shown; the store has all.
  private static let evidenceEpochs: UInt64 = 8

  /// - Parameter first: the network's first header.
  static func genesis(of state: LedgerState, _ first: Header, _ reader: ChainReader) throws(NodeFailure) -> Header {
    guard state.epoch > 0 else { return first }
    guard state.header.epoch == state.epoch else { return state.header }
    let origin = state.originIndex(ofEpoch: state.epoch)
    let header = try storing { () throws(StoreError) in
      try origin.flatMap { index throws(StoreError) in try reader.end(ofEpoch: state.epoch - 1, containing: index)?.header }
    }
    guard let header else { throw .chainDiverges(height: state.height, reason: "missing_epoch_genesis") }
    return header
  }

  private static func firstBatch(_ genesis: GenesisBlock, validatorCount: Int) -> ChainBatch {
    let block = Block(header: genesis.header, transactions: [])
    var batch = ChainBatch(validatorCount: validatorCount)
    batch.commit = [FinalizedBlock(proposal: Proposal(block: block, vote: nil, parent: nil, skips: []), finalization: nil)]
    return batch
  }

  /// - Parameter epoch: of the next block. The last block of an epoch is the genesis of the next, and its finalization is not of that one.
  private static func consensus(
    _ store: Store, _ reader: ChainReader, _ head: Header, _ finalization: Certificate?, epoch: UInt64
  ) throws(StoreError) -> RecoveredState {
    let finalization = head.epoch == epoch ? finalization : nil
    var recovered = RecoveredState(finalized: head, finalization: finalization.map(Verified<Certificate>.recovered))
    switch store.recovery.safety {
    case .fresh: break
    case .intact(let votes, let entered):
      recovered.votes = votes.map(Verified<Vote>.recovered)
      if let entered, entered.epoch == epoch { recovered.enteredView = entered.view }
    case .damaged(let damage):
      switch damage {
      case .logMissing, .databaseMissing: recovered.votingDisabledReason = .recordsMissing
      case .logOlder, .databaseOlder: recovered.votingDisabledReason = .recordsStale
      case .logChecksum, .databaseChecksum, .different: recovered.votingDisabledReason = .recordsDamaged
      }
    }
    let position = ViewPosition(epoch: epoch, view: finalization?.statement.view ?? 0)
    recovered.candidates = try reader.candidates(above: position).map(Verified<Proposal>.own)
    recovered.certificates = try reader.certificates(above: position).map(Verified<Certificate>.recovered)
    return recovered
  }
}

/// Executes the blocks that `state.db` does not have yet, from where it stands to the newest block.
struct StateReplay {
  let genesis: Genesis
  let store: Store
  let reader: ChainReader
  let records: FinalizedRecords

  /// Blocks between two writes of the state, so that a state rebuilt from the beginning does not fill the memory.
  private static let batchCount = 64

  /// - Parameter tree: of the state that `state.db` holds, when it is at hand.
  func run(from tree: StateTree? = nil) throws(NodeFailure) -> LedgerState {
    var state = try storedState(tree)
    try rememberTransactions(through: state.height)
    while true {
      let next = state.height + 1
      let blocks = try storing { () throws(StoreError) in try reader.blocks(from: next, count: Self.batchCount) }
      guard !blocks.isEmpty else { return state }
      for block in blocks { state = try execute(block.block, on: state) }
    }
  }

  /// The version that `state.db` holds; the one after genesis when the rows are not what their root says.
  private func storedState(_ known: StateTree?) throws(NodeFailure) -> LedgerState {
    guard let head = store.state.head else { throw .ledger(.storage("state.db holds no state")) }
    let header = try storing { () throws(StoreError) in try reader.header(height: head.height) }
    guard let header else { throw .chainDiverges(height: head.height, reason: "missing_block") }
    let tree = if let known { known } else { try storedTree() }
    guard tree.root == header.stateRoot, head.root == header.stateRoot else {
      throw .chainDiverges(height: head.height, reason: "wrong_state_root")
    }
    do throws(LedgerFault) {
      return try LedgerState(restoring: header, tree: tree, frontier: try frontier(endingWith: header), over: records)
    } catch {
      throw .ledger(error)
    }
  }

  private func storedTree() throws(NodeFailure) -> StateTree {
    var rows: [(key: Digest, value: [UInt8])] = []
    try storing { () throws(StoreError) in
      let reader = try store.stateReader()
      try reader.checkLookUps()
      try reader.forEachRow { row throws(StoreError) in rows.append((row.key, row.value)) }
    }
    return StateTree(rows: rows)
  }

  /// The log's right edge after a block, from the newest edge and the tiles.
  private func frontier(endingWith header: Header) throws(LedgerFault) -> LogFrontier {
    let prover = LogProver(edge: store.chain.edge, source: reader)
    guard let proof = try? prover.inclusionProof(index: header.logSize, size: header.logSize + 1),
      let frontier = LogFrontier(lastLeaf: LogEntry.header(header.bytes).leafHash, proof: proof)
    else { throw .storage("the log's tiles do not lead to block \(header.height)") }
    return frontier
  }

  private func execute(_ block: Block, on parent: LedgerState) throws(NodeFailure) -> LedgerState {
    let verifier = TransactionVerifier(network: genesis.network, scheme: CertifiedSignatures())
    var execution = BlockExecution(on: parent, timeMilliseconds: block.header.timeMilliseconds)
    var ids: [Digest] = []
    do throws(TransactionError) {
      for bytes in block.transactions {
        let transaction = try verifier.verify(bytes)
        try execution.apply(transaction)
        ids.append(transaction.value.id)
      }
    } catch {
      if case .unavailable(let fault) = error { throw .ledger(fault) }
      throw .chainDiverges(height: block.header.height, reason: error.reason)
    }
    let executed = execution.finish()
    var state: LedgerState
    do throws(HeaderMismatch) { state = try executed.sealed(with: block.header) } catch {
      throw .chainDiverges(height: block.header.height, reason: error.reason)
    }
    try storing { () throws(StoreError) in
      try store.state.apply(
        executed.rows.map(\.stored), superseded: executed.superseded.map(\.stored), height: block.header.height,
        root: block.header.stateRoot)
    }
    records.add(height: block.header.height, rows: executed.rows, transactionIDs: ids)
    records.written(executed.rows.map(\.key), through: block.header.height)
    state.finalize(through: state.height)
    return state
  }

  /// The ids of the transactions up to a height that could still be submitted again. Those of later blocks are remembered as
  /// they are executed, which must not find them there already.
  private func rememberTransactions(through head: UInt64) throws(NodeFailure) {
    let span = UInt64(Parameters.maximumValidityBlocks)
    var height = head > span ? head - span : 0
    while height <= head {
      let next = height
      let blocks = try storing { () throws(StoreError) in try reader.blocks(from: next, count: Self.batchCount) }
      guard !blocks.isEmpty else { return }
      for block in blocks where block.header.height <= head {
        records.add(
          height: block.header.height, rows: [], transactionIDs: block.block.transactions.compactMap(Transaction.id(ofFinalized:)))
      }
      height += UInt64(blocks.count)
    }
  }
}

extension CairnLedger.StateRow {
  /// The same row in the store's terms.
  var stored: CairnStore.StateRow { CairnStore.StateRow(key: key, value: value, record: record) }
}

extension SupersededRecord {
  /// The same record in the store's terms.
  var stored: SupersededRow { SupersededRow(key: key, version: version, record: record) }
}

/// Turns the store's failure into the node's.
func storing<Result>(_ body: () throws(StoreError) -> Result) throws(NodeFailure) -> Result {
  do { return try body() } catch { throw .store(error) }
}
