import CairnCrypto
import CairnLedger
import CairnMerkle
import Synchronization

/// The finalized records of a ledger that is executed again from its first block, in memory: as large as the state's records.
final class ReplayedRecords: FinalizedLedger {
  private struct Contents {
    var records: [Digest: [UInt8]] = [:]
    /// Leaf hashes of each key's replaced versions, in their order.
    var superseded: [Digest: [Digest]] = [:]
    var supersededCount = 0
    var transactions: Set<Digest> = []
    /// Oldest first.
    var blocks: [(height: UInt64, ids: [Digest])] = []
  }

  private let contents = Mutex(Contents())
  private let rememberedBlocks: UInt64

  init(rememberedBlocks: UInt64) { self.rememberedBlocks = rememberedBlocks }

  func record(forKey key: Digest) -> [UInt8]? { contents.withLock { $0.records[key] } }

  /// Replayed blocks are executed and compared; nobody asks for their past.
  func supersededRecord(forKey key: Digest, version: UInt64) -> [UInt8]? { nil }

  func supersededLeafHashes(forKey key: Digest, count: UInt64) -> [Digest] {
    contents.withLock { Array(($0.superseded[key] ?? []).prefix(Int(clamping: count))) }
  }

  var supersededCount: Int { contents.withLock { $0.supersededCount } }

  func supersededLeafHash(forKey key: Digest, version: UInt64) -> Digest? {
    contents.withLock { contents in
      guard let hashes = contents.superseded[key], version < UInt64(hashes.count) else { return nil }
      return hashes[Int(version)]
    }
  }

  func contains(transaction id: Digest) -> Bool { contents.withLock { $0.transactions.contains(id) } }

  /// A block was executed.
  func add(height: UInt64, rows: [StateRow], superseded: [SupersededRecord], transactionIDs: [Digest]) {
    contents.withLock { contents in
      for record in superseded { contents.superseded[record.key, default: []].append(LogTree.leafHash(record.record)) }
      contents.supersededCount += superseded.count
      for row in rows { contents.records[row.key] = row.record }
      contents.transactions.formUnion(transactionIDs)
      if !transactionIDs.isEmpty { contents.blocks.append((height, transactionIDs)) }
      while let oldest = contents.blocks.first, oldest.height + rememberedBlocks < height {
        contents.transactions.subtract(oldest.ids)
        contents.blocks.removeFirst()
      }
    }
  }
}
