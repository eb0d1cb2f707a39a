import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnStore

/// The chain of a node that began with a snapshot, from the snapshot's base on: everything about it that can be checked without the blocks
/// before. The transactions cannot be executed again, because nobody here knows the state before them; but the state is the one that a
/// finalized header states, and the earlier versions are those that it commits to.
struct UnexecutedChain {
  private let archive: StoreArchive
  private let storedState: StateHead?
  /// Whose signatures the next block has.
  private(set) var consensus: ConsensusVerifier
  private var previous: Header
  private var edge: LogTileEdge
  private var unfinalized: UInt64?
  private var stateHeader: Header?
  private var summary: ChainVerification.Summary

  /// - Parameters:
  ///   - consensus: of the epoch in which the gap begins.
  ///   - summary: of what comes before the gap.
  init(
    archive: StoreArchive, gap: HistoryGap, signedBy consensus: ConsensusVerifier, storedState: StateHead?,
    after summary: ChainVerification.Summary
  ) throws(ChainDamage) {
    (self.archive, self.consensus, self.storedState, self.summary) = (archive, consensus, storedState, summary)
    (previous, edge) = (gap.base.header, gap.base.edge)
    _ = edge.append(LogEntry.header(previous.bytes).leafHash)
    self.summary.historyFrom = previous.height + 1
    try follow(try reading { () throws(StoreError) in try archive.chain.missingEpochEnds() })
    guard self.consensus.epoch == previous.nextEpoch else { throw .parent(height: nextHeight) }
  }

  /// Each epoch that ended in the gap was ended by its own validators, who named the next ones.
  private mutating func follow(_ ends: [EpochEnd]) throws(ChainDamage) {
    for end in ends where end.header.epoch >= consensus.epoch {
      let header = end.header
      guard header.epoch == consensus.epoch, header.network == consensus.network, header.validatorsHash == consensus.validators.hash,
        let next = header.fields.nextValidatorsHash
      else { throw .parent(height: header.height) }
      guard end.finalization.statement.kind == .finalize, end.finalization.statement.digest == header.digest else {
        throw .otherFinalization(height: header.height)
      }
      do { _ = try consensus.verify(end.finalization) } catch { throw .finalization(height: header.height, error) }
      summary.certificates += 1
      summary.signatures += end.finalization.signatures.count
      consensus = try verifier(ofEpoch: header.epoch + 1, hash: next)
    }
  }

  var nextHeight: UInt64 { previous.height + 1 }

  mutating func check(_ block: StoredBlock, _ signed: SignedBlock) throws(ChainDamage) {
    let header = block.header
    guard header.height == nextHeight, header.parent == previous.digest, header.network == consensus.network else {
      throw .parent(height: nextHeight)
    }
    for (position, entry) in block.block.logEntries.enumerated() {
      if position == block.block.transactions.count, edge.size != header.logSize || edge.root != header.logRoot {
        throw .header(height: nextHeight, .logRoot)
      }
      for tile in edge.append(entry.leafHash) {
        guard try reading({ () throws(StoreError) in try archive.chain.hashes(of: tile.coordinate) }) == tile.hashes else {
          throw .tile(tile.coordinate)
        }
        summary.tiles += 1
      }
    }
    if let finalization = block.finalization {
      guard finalization.statement.kind == .finalize, finalization.statement.digest == header.digest else {
        throw .otherFinalization(height: nextHeight)
      }
      unfinalized = nil
    } else {
      unfinalized = unfinalized ?? nextHeight
    }
    if header.height == storedState?.height { stateHeader = header }
    summary.transactions += signed.transactions.count
    summary.operations += signed.transactions.reduce(0) { $0 + $1.value.operations.count }
    summary.certificates += signed.certificates
    summary.signatures += signed.signatures
    previous = header
    if let next = header.fields.nextValidatorsHash { consensus = try verifier(ofEpoch: header.epoch + 1, hash: next) }
  }

  /// Of the set that the last block of an epoch names, as the state has it.
  private func verifier(ofEpoch epoch: UInt64, hash: Digest) throws(ChainDamage) -> ConsensusVerifier {
    let key = ValidatorSet.stateKey(epoch: epoch)
    let row = try reading { () throws(StoreError) in try archive.state.row(key) }
    guard let row, let validators = try? ValidatorSet(decoding: row.record), validators.hash == hash else { throw .stateRow(key: key) }
    return ConsensusVerifier(network: consensus.network, epoch: epoch, validators: validators)
  }

  /// After the last block.
  func finish() throws(ChainDamage) -> ChainVerification.Summary {
    if let unfinalized { throw .unfinalized(height: unfinalized) }
    var summary = summary
    (summary.height, summary.entries) = (previous.height, edge.size)
    guard let stateHeader, let storedState else { throw .stateRoot(height: storedState?.height ?? 0) }
    summary.stateRows = try checkState(after: stateHeader)
    summary.storedStateHeight = storedState.height
    return summary
  }

  /// The rows fold to the root, the records are those of the rows, and each record's earlier versions are all there.
  private func checkState(after header: Header) throws(ChainDamage) -> Int {
    var rows: [(key: Digest, value: [UInt8])] = []
    var expected: [Digest: LogFrontier] = [:]
    var damaged: Digest?
    try reading { () throws(StoreError) in
      try archive.state.forEachRow { row in
        guard let earlier = RecordHistory.earlierVersions(value: row.value, record: row.record) else {
          damaged = damaged ?? row.key
          return
        }
        rows.append((row.key, row.value))
        if earlier.size > 0 { expected[row.key] = earlier }
      }
    }
    if let damaged { throw .stateRow(key: damaged) }
    let tree = StateTree(rows: rows)
    guard tree.root == header.stateRoot, storedState?.root == header.stateRoot else { throw .stateRoot(height: header.height) }
    var found: [Digest: [UInt64: Digest]] = [:]
    try reading { () throws(StoreError) in
      try archive.state.forEachSuperseded { row in found[row.key, default: [:]][row.version] = row.leafHash }
    }
    for (key, earlier) in expected {
      let versions = found.removeValue(forKey: key) ?? [:]
      guard UInt64(versions.count) == earlier.size else {
        throw .supersededCount(expected: Int(clamping: earlier.size), found: versions.count)
      }
      var frontier = LogFrontier()
      for (_, hash) in versions.sorted(by: { $0.key < $1.key }) { frontier.append(hash) }
      guard frontier == earlier else { throw .supersededRow(key: key) }
    }
    if let key = found.keys.min() { throw .supersededRow(key: key) }
    return tree.count
  }
}
