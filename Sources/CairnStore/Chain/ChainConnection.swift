import CairnChain
import CairnCrypto
import CairnMerkle
import CairnMessages
import Foundation

/// Calls its argument with one block after the other.
typealias BlockSequence = ((StoredBlock) throws(StoreError) -> Void) throws(StoreError) -> Void

/// What the writer of `chain.db` knows besides its connection. Confined to whoever holds the writer's lock.
final class ChainConnection {
  private let database: Database
  private let network: Digest
  private var safety: SafetyWriter
  private(set) var head: Header?
  private(set) var edge: LogTileEdge
  private(set) var gap: HistoryGap?
  /// The first error; nothing is written after it.
  private var failure: StoreError?

  init(_ database: Database, network: Digest, safety: SafetyWriter) throws(StoreError) {
    (self.database, self.network, self.safety) = (database, network, safety)
    let blocks = BlockTable(database: database)
    let newest = try blocks.newest()
    head = try newest?.decodedHeader()
    edge = try newest.map { row throws(StoreError) in try LogEdgeRestorer(database: database).edge(newest: row) } ?? LogTileEdge()
    gap = try GapTable(database: database).gap()
  }

  func write(_ batch: ChainBatch) throws(StoreError) {
    try failing { () throws(StoreError) in try apply(batch) }
  }

  func restartSafety(above floor: ViewPosition) throws(StoreError) {
    try failing { () throws(StoreError) in try safety.restart(above: floor, database: database) }
  }

  func install(_ base: ChainBase, ends: [EpochEnd], _ forEachBlock: BlockSequence) throws(StoreError) {
    try failing { () throws(StoreError) in try take(up: base, ends, forEachBlock) }
  }

  func forgetBeyondGap() throws(StoreError) {
    try failing { () throws(StoreError) in try forget() }
  }

  private func failing(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    if let failure { throw failure }
    do throws(StoreError) { try body() } catch {
      failure = error
      throw error
    }
  }

  private func apply(_ batch: ChainBatch) throws(StoreError) {
    let records = try safety.records(entering: batch.entered, votes: batch.votes)
    let floor = batch.finalized?.retentionFloor
    let log = try extended(by: batch.commit)
    if PlantedBug.logBeforeDatabase.isPlanted { try safety.append(records, floor: floor) }
    try database.transaction { () throws(StoreError) in
      try safety.insert(records, floor: floor, into: database)
      for proposal in batch.candidates { try insert(proposal, validatorCount: batch.validatorCount) }
      for certificate in batch.certificates { try insert(certificate, validatorCount: batch.validatorCount) }
      for evidence in batch.evidence { try insert(evidence) }
      for (block, leafHashes) in zip(batch.commit, log.leafHashes) {
        try insert(block, leafHashes: leafHashes, validatorCount: batch.validatorCount)
      }
      for tile in log.tiles { try TileTable(database: database).insert(tile) }
      if let floor { try prune(floor) }
    }
    if !PlantedBug.logBeforeDatabase.isPlanted { try safety.append(records, floor: floor) }
    (head, edge) = (log.head, log.edge)
    try database.checkpointIfNeeded()
  }
}

extension ChainConnection {
  private struct Extension {
    var head: Header?
    var edge: LogTileEdge
    var tiles: [LogTile] = []
    /// Of each block's transactions.
    var leafHashes: [[Digest]] = []
  }

  /// The log with these blocks in it, if each follows the one before.
  private func extended(by blocks: [FinalizedBlock]) throws(StoreError) -> Extension {
    var result = Extension(head: head, edge: edge)
    for block in blocks.map(\.block) { try extend(&result, by: block) }
    return result
  }

  private func extend(_ log: inout Extension, by block: Block) throws(StoreError) {
    let header = block.header
    if let link = ChainLink.broken(block, after: log.head, network: network) {
      throw .notLinked(height: header.height, link: link)
    }
    try Self.checkSize(block)
    let leafHashes = block.transactions.map { LogEntry.transaction($0).leafHash }
    for hash in leafHashes { log.tiles += log.edge.append(hash) }
    guard log.edge.size == header.logSize, log.edge.root == header.logRoot else {
      throw .notLinked(height: header.height, link: .logRoot)
    }
    log.tiles += log.edge.append(LogEntry.header(header.bytes).leafHash)
    log.leafHashes.append(leafHashes)
    log.head = header
  }

  /// All of it, or nothing: until the last block is there, this node is where it was.
  private func take(up base: ChainBase, _ ends: [EpochEnd], _ forEachBlock: BlockSequence) throws(StoreError) {
    guard let head else { throw .missing(path: "genesis block") }
    var log = Extension(head: head, edge: edge)
    var gap = gap
    try database.transaction { () throws(StoreError) in
      if base.header.height > head.height {
        // Of two gaps the blocks in between would be of little use: one gap takes both.
        gap = HistoryGap(
          firstHeight: gap?.firstHeight ?? head.height + 1, firstIndex: gap?.firstIndex ?? head.logSize + 1, base: base)
        if let gap {
          try moveEpochEnds(from: gap.firstHeight)
          try database.run("DELETE FROM block WHERE height >= ?1", try .unsigned(gap.firstHeight))
          for end in ends where gap.heights.contains(end.header.height) { try EpochEndTable(database: database).insert(end) }
          try GapTable(database: database).set(gap)
        }
        let (edge, tiles) = base.edgeAfterHeader
        log = Extension(head: base.header, edge: edge, tiles: tiles)
      }
      try forEachBlock { block throws(StoreError) in
        guard block.header.height > log.head?.height ?? 0 else { return }
        try extend(&log, by: block.block)
        let finalized = FinalizedBlock(proposal: block.proposal, finalization: block.finalization)
        try insert(finalized, leafHashes: log.leafHashes.last ?? [], validatorCount: block.validatorCount)
        for tile in log.tiles { try TileTable(database: database).insert(tile) }
        (log.tiles, log.leafHashes) = ([], [])
      }
    }
    (self.head, edge, self.gap) = (log.head, log.edge, gap)
    try database.checkpointIfNeeded()
  }

  /// Keeps how epochs ended in blocks that are let go of.
  private func moveEpochEnds(from height: UInt64) throws(StoreError) {
    var ends: [EpochEnd] = []
    try database.forEach(
      "SELECT \(BlockRow.columns) FROM block WHERE height >= ?1 AND finalization IS NOT NULL ORDER BY height", try .unsigned(height)
    ) { row throws(StoreError) in
      let block = try BlockRow(row)
      let header = try block.decodedHeader()
      if header.fields.nextValidatorsHash != nil, let finalization = try block.decodedFinalization() {
        ends.append(EpochEnd(header: header, finalization: finalization, validatorCount: block.validatorCount))
      }
      return true
    }
    for end in ends { try EpochEndTable(database: database).insert(end) }
  }

  /// Goes back to the last block before what is missing.
  private func forget() throws(StoreError) {
    guard let gap else { return }
    try database.transaction { () throws(StoreError) in
      try database.run("DELETE FROM block WHERE height >= ?1", try .unsigned(gap.firstHeight))
      try EpochEndTable(database: database).removeAll()
      try GapTable(database: database).remove()
    }
    self.gap = nil
    let newest = try BlockTable(database: database).newest()
    head = try newest?.decodedHeader()
    edge = try newest.map { row throws(StoreError) in try LogEdgeRestorer(database: database).edge(newest: row) } ?? LogTileEdge()
  }

  /// What is written here can be read again: the same limits hold for both.
  private static func checkSize(_ block: Block) throws(StoreError) {
    let bytes = block.transactions.reduce(0) { $0 + $1.count }
    guard bytes <= Block.transactionByteLimit else {
      throw .tooLarge(what: "bytes of a block", limit: Block.transactionByteLimit, actual: bytes)
    }
    guard block.transactions.count <= Block.transactionCountLimit else {
      throw .tooLarge(what: "transactions of a block", limit: Block.transactionCountLimit, actual: block.transactions.count)
    }
  }

  private func insert(_ block: FinalizedBlock, leafHashes: [Digest], validatorCount: Int) throws(StoreError) {
    try BlockTable(database: database).insert(
      BlockRow(block, validatorCount: validatorCount, leafHashes: leafHashes), transactions: block.block.transactions)
    try database.run("DELETE FROM candidate WHERE digest = ?1", .blob(block.block.digest.bytes))
  }

  private func insert(_ proposal: Proposal, validatorCount: Int) throws(StoreError) {
    try Self.checkSize(proposal.block)
    let row = CandidateRow(proposal, validatorCount: validatorCount)
    try database.run(
      "INSERT OR REPLACE INTO candidate VALUES (?1, ?2, ?3, ?4, ?5, ?6)", .blob(row.digest.bytes), try .unsigned(row.position.epoch),
      try .unsigned(row.position.view), .integer(Int64(validatorCount)), .blob(row.proposal), .blob(row.checksum.bytes))
  }

  private func insert(_ certificate: Certificate, validatorCount: Int) throws(StoreError) {
    let bytes = certificate.bytes(validatorCount: validatorCount)
    let statement = certificate.statement
    try database.run(
      "INSERT OR IGNORE INTO certificate VALUES (?1, ?2, ?3, ?4, ?5, ?6)", try .unsigned(statement.epoch),
      try .unsigned(statement.view), .integer(Int64(statement.kind.rawValue)), .integer(Int64(validatorCount)), .blob(bytes),
      .blob(CertificateRow.checksum(bytes, validatorCount: validatorCount).bytes))
  }

  private func insert(_ evidence: Evidence) throws(StoreError) {
    let bytes = evidence.bytes
    try database.run(
      """
      INSERT OR IGNORE INTO evidence SELECT ?1, ?2, ?3, ?4, ?5
      WHERE (SELECT count(*) FROM evidence WHERE epoch = ?1 AND validator = ?2) < \(EvidenceRow.limitPerValidator)
      """, try .unsigned(evidence.epoch), .integer(Int64(evidence.validator)), try .unsigned(evidence.view), .blob(bytes),
      .blob(EvidenceRow.checksum(bytes).bytes))
  }

  private func prune(_ floor: ViewPosition) throws(StoreError) {
    for table in ["candidate", "certificate"] {
      try database.run(
        "DELETE FROM \(table) WHERE epoch < ?1 OR (epoch = ?1 AND view <= ?2)", try .unsigned(floor.epoch), try .unsigned(floor.view))
    }
  }
}
