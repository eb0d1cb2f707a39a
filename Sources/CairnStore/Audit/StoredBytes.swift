package import CairnChain
package import CairnCrypto
import CairnMerkle

/// What the readers of a data directory make of bytes that no writer of ours wrote: for tests that make up their own. Checksums are made to match
/// first, as somebody with a hex editor would; what they cover is what is tried here.
package enum StoredBytes {
  /// A safety log.
  ///
  /// - Returns: what was read, encoded again; `nil` when it is not a log of this network.
  package static func safetyLog(_ bytes: [UInt8], network: Digest) -> [UInt8]? {
    guard let content = SafetyLog.content(of: bytes, network: network) else { return nil }
    let head = SafetyLog.head(base: content.base, network: network)
    return content.records.reduce(into: head) { $0 += $1.bytes(network: network) } + content.tail
  }

  /// The log's blocks of fixed width, each with its checksum.
  package static func sealed(safetyLog bytes: [UInt8], network: Digest) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: SafetyRecord.byteCount).flatMap { start in
      let block = bytes[start..<min(start + SafetyRecord.byteCount, bytes.count)]
      return block.count == SafetyRecord.byteCount ? SafetyRecord.resealed(block, network: network) : Array(block)
    }
  }

  /// A log of these votes.
  package static func safetyLog(of votes: [Vote], network: Digest) -> [UInt8] {
    let entries = [SafetyRecord.Entry.entered(ViewPosition(epoch: 0, view: 1))] + votes.map(SafetyRecord.Entry.vote)
    return entries.enumerated().reduce(into: SafetyLog.head(base: 0, network: network)) {
      $0 += SafetyRecord(sequence: UInt64($1.offset) + 1, entry: $1.element).bytes(network: network)
    }
  }

  /// Whether SQLite would leave something of a write-ahead log out; `nil` when not.
  package static func problem(ofWriteAheadLog bytes: [UInt8]) -> String? { WriteAheadLog(bytes).problem }

  /// A write-ahead log of one transaction.
  ///
  /// - Parameter pages: of one size, a power of two from 512 to 65,536.
  package static func writeAheadLog(of pages: [[UInt8]]) -> [UInt8] { WriteAheadLog.written(pages) }

  /// A block's row, column by column.
  package struct BlockColumns: Equatable, Sendable {
    package var validatorCount: Int
    package var header: [UInt8]
    package var justification: [UInt8]
    /// Empty for none.
    package var finalization: [UInt8]
    package var entries: [UInt8]
    package var transactions: [UInt8]

    package init(_ columns: [[UInt8]], validatorCount: Int) {
      let column = { (index: Int) in columns.indices.contains(index) ? columns[index] : [] }
      (self.validatorCount, header, justification) = (validatorCount, column(0), column(1))
      (finalization, entries, transactions) = (column(2), column(3), column(4))
    }

    package init(_ block: FinalizedBlock, validatorCount: Int) {
      let row = BlockRow(
        block, validatorCount: validatorCount, leafHashes: block.block.transactions.map { LogEntry.transaction($0).leafHash })
      self.init(
        [row.header, row.justification, row.finalization ?? [], row.entries, block.block.transactions.flatMap(\.self)],
        validatorCount: validatorCount)
    }

    package var columns: [[UInt8]] { [header, justification, finalization, entries, transactions] }
  }

  /// Puts a row into a database and reads it as a node does.
  ///
  /// - Returns: `nil` when the row is refused.
  package static func block(_ columns: BlockColumns, network: Digest) throws(StoreError) -> StoredBlock? {
    let files = FileSystem()
    let table = BlockTable(database: try Database(":memory:", .chain, .writer, network: network, files: files))
    guard let header = try? Header(decoding: columns.header) else { return nil }
    let row = BlockRow(sealing: columns, of: header)
    do {
      try table.insert(row, transactions: [columns.transactions])
      return try table.newest().flatMap { row throws(StoreError) in
        try table.first(height: row.height) { row, columns throws(StoreError) in try row.stored(columns) }
      }
    } catch {
      switch error {
      case .corrupt, .outOfRange: return nil
      default: throw error
      }
    }
  }
}
