public import CairnChain
public import CairnCrypto
public import CairnMerkle
import Synchronization

/// Reads `chain.db` on a connection of its own. May be shared, but calls take turns: one for each thread that reads much.
///
/// Whatever it returns was hash-checked as it was read; damage is `.corrupt` with the table and key.
public final class ChainReader: Sendable {
  /// What a catch-up response holds at most.
  public static let windowCountLimit = 64
  public static let windowByteLimit = 4 << 20
  /// Certificates and candidates handed out for recovery; 256 views leave no more behind.
  public static let certificateLimit = 4_096
  public static let candidateLimit = 512

  private let database: Mutex<Database>

  init(path: String, network: Digest, files: FileSystem) throws(StoreError) {
    database = Mutex(try Database(path, .chain, .reader, network: network, files: files.forReading))
  }

  func read<Result: Sendable>(_ body: (Database) throws(StoreError) -> Result) throws(StoreError) -> Result {
    try database.withLock { database throws(StoreError) in try body(database) }
  }

  /// The newest block's header.
  public func head() throws(StoreError) -> Header? {
    try read { database throws(StoreError) in try BlockTable(database: database).newest()?.decodedHeader() }
  }

  public func block(height: UInt64) throws(StoreError) -> StoredBlock? {
    try read { database throws(StoreError) in
      try BlockTable(database: database).first(height: height) { block, row throws(StoreError) in try block.stored(row) }
    }
  }

  public func block(digest: Digest) throws(StoreError) -> StoredBlock? {
    try read { database throws(StoreError) in
      try BlockTable(database: database).first(digest: digest) { block, row throws(StoreError) in try block.stored(row) }
    }
  }

  public func header(height: UInt64) throws(StoreError) -> Header? {
    try read { database throws(StoreError) in
      if let found = try BlockTable(database: database).first(
        height: height, read: { block, _ throws(StoreError) in try block.decodedHeader() })
      {
        return found
      }
      let base = try GapTable(database: database).gap()?.base.header
      return base?.height == height ? base : nil
    }
  }

  /// The part of the chain that is missing here, because this node began with a snapshot.
  public func gap() throws(StoreError) -> HistoryGap? {
    try read { database throws(StoreError) in try GapTable(database: database).gap() }
  }

  public func header(digest: Digest) throws(StoreError) -> Header? {
    try read { database throws(StoreError) in
      try BlockTable(database: database).first(digest: digest) { block, _ throws(StoreError) in try block.decodedHeader() }
    }
  }

  /// The header of the block that an entry is in.
  public func header(containing logIndex: UInt64) throws(StoreError) -> Header? {
    guard logIndex < LogTree.sizeLimit else { return nil }
    return try read { database throws(StoreError) in
      try BlockTable(database: database).first(containing: logIndex) { block, _ throws(StoreError) in try block.decodedHeader() }
    }
  }

  /// One entry of the log; `nil` beyond its end.
  public func entry(at logIndex: UInt64) throws(StoreError) -> LogEntry? {
    guard logIndex < LogTree.sizeLimit else { return nil }
    return try read { database throws(StoreError) in
      try BlockTable(database: database).first(containing: logIndex) { block, row throws(StoreError) in
        if logIndex == block.logSize { return .header(block.header) }
        return .transaction(try block.transaction(Int(logIndex - block.firstIndex), from: row))
      }
    }
  }

  /// The first finalization at or above a height, with its header and the number of that epoch's validators.
  public func finalization(covering height: UInt64) throws(StoreError) -> (header: Header, certificate: Certificate, validatorCount: Int)? {
    guard height < LogTree.sizeLimit else { return nil }
    return try read { database throws(StoreError) in
      try BlockTable(database: database).first(
        "WHERE height >= ?1 AND finalization IS NOT NULL ORDER BY height LIMIT 1", .unsigned(height)
      ) { block, _ throws(StoreError) in
        guard let certificate = try block.decodedFinalization(), block.height >= height else { throw block.damaged }
        return (try block.decodedHeader(), certificate, block.validatorCount)
      }
    }
  }

  /// How an epoch ended, also when its last block is missing here.
  ///
  /// - Parameter logIndex: of an entry in that block.
  public func end(ofEpoch epoch: UInt64, containing logIndex: UInt64) throws(StoreError) -> EpochEnd? {
    if let end = try read({ database throws(StoreError) in try EpochEndTable(database: database).end(ofEpoch: epoch) }) { return end }
    guard let header = try header(containing: logIndex), let found = try finalization(covering: header.height), found.header == header
    else { return nil }
    return EpochEnd(header: header, finalization: found.certificate, validatorCount: found.validatorCount)
  }

  /// The ends of the epochs that ended in the part of the chain that is missing here, in their order.
  public func missingEpochEnds() throws(StoreError) -> [EpochEnd] {
    try read { database throws(StoreError) in try EpochEndTable(database: database).all() }
  }

  /// Consecutive blocks for somebody who catches up, ending at one with a finalization; empty when there is none within the
  /// limits. More than `count` only when the first finalization comes later.
  public func window(
    from height: UInt64, count: Int = windowCountLimit, bytes: Int = windowByteLimit
  ) throws(StoreError) -> [StoredBlock] {
    let (count, bytes) = (min(max(count, 1), Self.windowCountLimit), min(bytes, Self.windowByteLimit))
    var end = 0
    let blocks = try blocks(from: height, bytes: bytes) { block, position in
      if block.finalization != nil { end = position + 1 }
      return position + 1 < count || end == 0
    }
    return Array(blocks.prefix(end))
  }

  /// Consecutive blocks, finalized by whichever certificate; at least one when there is one, however large it is.
  public func blocks(from height: UInt64, count: Int, bytes: Int = windowByteLimit) throws(StoreError) -> [StoredBlock] {
    let count = min(max(count, 1), Self.windowCountLimit)
    return try blocks(from: height, bytes: bytes) { _, position in position + 1 < count }
  }

  private func blocks(
    from height: UInt64, bytes limit: Int, goOnAfter: (BlockRow, Int) -> Bool
  ) throws(StoreError) -> [StoredBlock] {
    guard height < LogTree.sizeLimit else { return [] }
    return try read { database throws(StoreError) in
      var blocks: [StoredBlock] = []
      var bytes = 0
      try BlockTable(database: database).forEach(from: height) { block, row throws(StoreError) in
        bytes += block.byteCount
        guard blocks.isEmpty || bytes <= limit else { return false }
        blocks.append(try block.stored(row))
        return goOnAfter(block, blocks.count - 1)
      }
      return blocks
    }
  }
}

extension ChainReader: LogTileSource {
  /// Throws `StoreError`.
  public func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] { try hashes(of: coordinate) }

  /// The hashes of a full tile.
  public func hashes(of coordinate: LogTileCoordinate) throws(StoreError) -> [Digest] {
    try read { database throws(StoreError) in try TileTable(database: database).hashes(coordinate) }
  }
}

extension ChainReader {
  /// A candidate block, or the finalized one that it became, and n of its epoch.
  public func proposal(digest: Digest) throws(StoreError) -> (proposal: Proposal, validatorCount: Int)? {
    try read { database throws(StoreError) in
      let candidate = try database.first(
        "SELECT \(CandidateRow.columns) FROM candidate WHERE digest = ?1", .blob(digest.bytes)
      ) { row throws(StoreError) in (try CandidateRow.decode(row), row.validatorCount(3) ?? 0) }
      if let candidate { return candidate }
      return try BlockTable(database: database).first(digest: digest) { block, row throws(StoreError) in
        (try block.stored(row).proposal, block.validatorCount)
      }
    }
  }

  /// The newest candidates above a view, oldest first.
  public func candidates(above position: ViewPosition? = nil, limit: Int = candidateLimit) throws(StoreError) -> [Proposal] {
    try read { database throws(StoreError) in
      var proposals: [Proposal] = []
      try database.forEach(
        """
        SELECT \(CandidateRow.columns) FROM candidate WHERE epoch > ?1 OR (epoch = ?1 AND view > ?2)
        ORDER BY epoch DESC, view DESC LIMIT ?3
        """, try .lowerBound(position?.epoch), try .lowerBound(position?.view), .integer(Int64(min(limit, Self.candidateLimit)))
      ) { row throws(StoreError) in
        proposals.append(try CandidateRow.decode(row))
        return true
      }
      return proposals.reversed()
    }
  }

  /// The newest certificates kept for recovery above a view, oldest first.
  public func certificates(above position: ViewPosition? = nil) throws(StoreError) -> [Certificate] {
    try read { database throws(StoreError) in
      var certificates: [Certificate] = []
      try database.forEach(
        """
        SELECT \(CertificateRow.columns) FROM certificate
        WHERE epoch > ?1 OR (epoch = ?1 AND view > ?2) ORDER BY epoch DESC, view DESC, kind DESC LIMIT \(Self.certificateLimit)
        """, try .lowerBound(position?.epoch), try .lowerBound(position?.view)
      ) { row throws(StoreError) in
        certificates.append(try CertificateRow.decode(row))
        return true
      }
      return certificates.reversed()
    }
  }

  /// Proven faults of an epoch, by validator and view.
  public func evidence(epoch: UInt64) throws(StoreError) -> [Evidence] {
    try read { database throws(StoreError) in
      var evidence: [Evidence] = []
      try database.forEach(
        "SELECT \(EvidenceRow.columns) FROM evidence WHERE epoch = ?1 ORDER BY validator, view LIMIT \(Self.certificateLimit)",
        try .unsigned(epoch)
      ) { row throws(StoreError) in
        evidence.append(try EvidenceRow.decode(row))
        return true
      }
      return evidence
    }
  }
}

extension SQLValue {
  /// What everything is above when there is no bound.
  fileprivate static func lowerBound(_ value: UInt64?) throws(StoreError) -> SQLValue {
    guard let value else { return .integer(-1) }
    return try .unsigned(value)
  }
}
