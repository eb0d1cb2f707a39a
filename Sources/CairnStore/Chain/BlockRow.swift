import CairnChain
import CairnCrypto
import CairnMerkle
import CairnMessages
import Foundation

/// One finalized block as a row of `chain.db`, keyed by its header's index in the log.
///
/// A block is one row, not one per entry, because the insertion rate matters. `checksum` covers everything but the
/// transactions; these are covered by their leaf hashes in `entries`, so that one can be read and checked alone.
struct BlockRow {
  private static let domain = Domain("cairn/store/block/v1")
  /// Nothing but the certificates of a proposal.
  private static let justificationLimit = Proposal.byteLimit - Block.transactionByteLimit
  private static let entryByteCount = 4 + Digest.byteCount
  static let entriesLimit = entryByteCount * Block.transactionCountLimit
  static let columns = "log_size, height, digest, validator_count, checksum, header, justification, finalization, entries, transactions"

  let logSize: UInt64
  let height: UInt64
  let digest: Digest
  let validatorCount: Int
  let checksum: Digest
  let header: [UInt8]
  /// A proposal's encoding without its block.
  let justification: [UInt8]
  let finalization: [UInt8]?
  /// For each transaction `end u32be || leaf hash(32)`; `end` is where it ends in the transactions' bytes.
  let entries: [UInt8]
}

extension BlockRow {
  init(_ block: FinalizedBlock, validatorCount: Int, leafHashes: [Digest]) {
    let header = block.block.header
    logSize = header.logSize
    height = header.height
    digest = header.digest
    self.validatorCount = validatorCount
    self.header = header.bytes
    var message = block.proposal.message(validatorCount: validatorCount)
    message.clearBlock()
    justification = Canonical.encode(message)
    finalization = block.finalization?.bytes(validatorCount: validatorCount)
    entries = Self.entries(block.block.transactions, leafHashes: leafHashes)
    checksum = Self.checksum(
      logSize: logSize, height: height, validatorCount: validatorCount, header: self.header, justification: justification,
      finalization: finalization, entries: entries)
  }

  /// A row with these columns and the checksum that they have.
  init(sealing columns: StoredBytes.BlockColumns, of header: Header) {
    (logSize, height, digest) = (header.logSize, header.height, header.digest)
    (validatorCount, self.header, justification) = (columns.validatorCount, columns.header, columns.justification)
    (finalization, entries) = (columns.finalization.isEmpty ? nil : columns.finalization, columns.entries)
    checksum = Self.checksum(
      logSize: logSize, height: height, validatorCount: validatorCount, header: self.header, justification: justification,
      finalization: finalization, entries: entries)
  }

  private static func entries(_ transactions: [[UInt8]], leafHashes: [Digest]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(transactions.count * entryByteCount)
    var end: UInt32 = 0
    for (transaction, leafHash) in zip(transactions, leafHashes) {
      end += UInt32(transaction.count)
      withUnsafeBytes(of: end.bigEndian) { bytes.append(contentsOf: $0) }
      leafHash.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  private static func checksum(
    logSize: UInt64, height: UInt64, validatorCount: Int, header: [UInt8], justification: [UInt8], finalization: [UInt8]?,
    entries: [UInt8]
  ) -> Digest {
    var checksum = RowChecksum(domain)
    checksum.add(logSize)
    checksum.add(height)
    checksum.add(UInt64(validatorCount))
    checksum.add(header)
    checksum.add(justification)
    checksum.add(finalization ?? [])
    checksum.add(entries)
    return checksum.digest
  }

  /// Reads the columns of `BlockRow.columns` except the transactions, and checks them against each other.
  init(_ row: Row) throws(StoreError) {
    let damaged = StoreError.corrupt(table: "block", key: "\(row.integer(0))")
    guard let logSize = row.unsigned(0), let height = row.unsigned(1), let digest = row.digest(2),
      let validatorCount = row.validatorCount(3),
      let checksum = row.digest(4), let header = row.blob(5, limit: Header.byteLimit),
      let justification = row.blob(6, limit: Self.justificationLimit), let entries = row.blob(8, limit: Self.entriesLimit),
      entries.count.isMultiple(of: Self.entryByteCount), entries.count / Self.entryByteCount <= logSize
    else { throw damaged }
    let finalization = row.blob(7, limit: Certificate.byteLimit)
    guard row.isNull(7) == (finalization == nil), digest == .sha256(Header.domain, header),
      checksum
        == Self.checksum(
          logSize: logSize, height: height, validatorCount: validatorCount, header: header, justification: justification,
          finalization: finalization, entries: entries)
    else { throw damaged }
    self.init(
      logSize: logSize, height: height, digest: digest, validatorCount: validatorCount, checksum: checksum, header: header,
      justification: justification, finalization: finalization, entries: entries)
  }

  var damaged: StoreError { .corrupt(table: "block", key: "\(logSize)") }

  /// What the block takes in a response, framing apart.
  var byteCount: Int {
    header.count + justification.count + (finalization?.count ?? 0) + (transactionCount == 0 ? 0 : end(transactionCount - 1))
  }

  var transactionCount: Int { entries.count / Self.entryByteCount }
  /// Log index of the block's first entry.
  var firstIndex: UInt64 { logSize - UInt64(transactionCount) }

  /// Where a transaction lies in the transactions' bytes; `nil` when the entries contradict themselves.
  private func range(_ position: Int) -> Range<Int>? {
    let start = position == 0 ? 0 : end(position - 1)
    let end = end(position)
    return start <= end ? start..<end : nil
  }

  private func end(_ position: Int) -> Int {
    let start = position * Self.entryByteCount
    return entries[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  func leafHash(_ position: Int) -> Digest? {
    let start = position * Self.entryByteCount + 4
    return Digest(entries[start..<start + Digest.byteCount])
  }

  /// Of the transactions and then the header.
  func leafHashes() throws(StoreError) -> [Digest] {
    var hashes: [Digest] = []
    for position in 0..<transactionCount {
      guard let hash = leafHash(position) else { throw damaged }
      hashes.append(hash)
    }
    return hashes + [LogEntry.header(header).leafHash]
  }

  /// One transaction, checked against its leaf hash.
  func transaction(_ position: Int, from row: Row) throws(StoreError) -> [UInt8] {
    let bytes = row.withBlob(9, limit: Block.transactionByteLimit) { (buffer: UnsafeRawBufferPointer) -> [UInt8]? in
      guard let range = range(position), range.upperBound <= buffer.count else { return nil }
      return Array(buffer[range])
    }
    guard let bytes, let bytes, LogEntry.transaction(bytes).leafHash == leafHash(position) else { throw damaged }
    return bytes
  }

  /// All of the block, every transaction checked against its leaf hash.
  func stored(_ row: Row) throws(StoreError) -> StoredBlock {
    var transactions: [[UInt8]] = []
    transactions.reserveCapacity(transactionCount)
    for position in 0..<transactionCount { transactions.append(try transaction(position, from: row)) }
    do {
      let message: ProtoProposal = try Canonical.decode(from: justification, limit: Self.justificationLimit)
      var skips: [Certificate] = []
      for skip in message.skips { skips.append(try Certificate(skip, validatorCount: validatorCount)) }
      let proposal = Proposal(
        block: Block(header: try Header(decoding: header), transactions: transactions),
        vote: message.vote.isEmpty ? nil : try Vote(decoding: [UInt8](message.vote)),
        parent: message.hasParent ? try Certificate(message.parent, validatorCount: validatorCount) : nil, skips: skips)
      return StoredBlock(proposal: proposal, finalization: try decodedFinalization(), validatorCount: validatorCount)
    } catch {
      throw damaged
    }
  }

  func decodedHeader() throws(StoreError) -> Header {
    do { return try Header(decoding: header) } catch { throw damaged }
  }

  func decodedFinalization() throws(StoreError) -> Certificate? {
    guard let finalization else { return nil }
    do { return try Certificate(decoding: finalization, validatorCount: validatorCount) } catch { throw damaged }
  }
}
