import CairnCrypto
import CairnLedger
import Synchronization

/// The finalized records of a ledger that is executed again from its first block, in memory: as large as the state's records.
final class ReplayedRecords: FinalizedLedger {
  private struct Contents {
    var records: [Digest: [UInt8]] = [:]
    var transactions: Set<Digest> = []
    /// Oldest first.
    var blocks: [(height: UInt64, ids: [Digest])] = []
  }

  private let contents = Mutex(Contents())
  private let rememberedBlocks: UInt64

  init(rememberedBlocks: UInt64) { self.rememberedBlocks = rememberedBlocks }

  func record(forKey key: Digest) -> [UInt8]? { contents.withLock { $0.records[key] } }

  func contains(transaction id: Digest) -> Bool { contents.withLock { $0.transactions.contains(id) } }

  /// A block was executed.
  func add(height: UInt64, rows: [StateRow], transactionIDs: [Digest]) {
    contents.withLock { contents in
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
