import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnStore
import Synchronization

/// Finalized records as execution and queries need them: those that `state.db` does not have yet from memory, the others from
/// disk through a cache; and the ids of the transactions in the last blocks.
final class FinalizedRecords: FinalizedLedger {
  /// Records kept in memory besides those on their way to the disk. Cleared whole when full: simple, and rare.
  private static let cacheLimit = 65_536

  private struct Contents {
    /// Counts the changes of what is newest, so that a record read before one is not cached after it.
    var generation = 0
    /// Not in `state.db` yet; the newest of each key.
    var unwritten: [Digest: (height: UInt64, record: [UInt8])] = [:]
    var cache: [Digest: [UInt8]] = [:]
    /// Replaced versions that are not in `state.db` yet, each key's in their order.
    var unwrittenSuperseded: [Digest: [(height: UInt64, record: SupersededRecord)]] = [:]
    /// Height of each recent transaction's block.
    var transactions: [Digest: UInt64] = [:]
    /// The same by block, oldest first, for forgetting.
    var transactionsByBlock: [(height: UInt64, ids: [Digest])] = []
  }

  private let contents = Mutex(Contents())
  private let reader: StateReader
  /// Blocks whose transaction ids are remembered: as far as a transaction can be valid.
  private let rememberedBlocks: UInt64

  init(reader: StateReader, rememberedBlocks: UInt64) {
    self.reader = reader
    self.rememberedBlocks = rememberedBlocks
  }

  func record(forKey key: Digest) throws -> [UInt8]? {
    let (known, generation) = contents.withLock { ($0.unwritten[key]?.record ?? $0.cache[key], $0.generation) }
    if let known { return known }
    guard let record = try reader.record(key) else { return nil }
    contents.withLock { contents in
      guard contents.generation == generation else { return }
      if contents.cache.count >= Self.cacheLimit { contents.cache.removeAll(keepingCapacity: true) }
      contents.cache[key] = record
    }
    return record
  }

  func supersededRecord(forKey key: Digest, version: UInt64) throws -> [UInt8]? {
    let unwritten = contents.withLock { $0.unwrittenSuperseded[key]?.first { $0.record.version == version }?.record.record }
    return try unwritten ?? reader.supersededRecord(key, version: version)
  }

  func supersededLeafHashes(forKey key: Digest, count: UInt64) throws -> [Digest] {
    // In this order: what is written between the two looks is in the second one twice rather than never.
    let unwritten = contents.withLock { $0.unwrittenSuperseded[key]?.map(\.record) ?? [] }
    var hashes = try reader.supersededLeafHashes(key, count: count)
    for record in unwritten where record.version == UInt64(hashes.count) && record.version < count {
      hashes.append(LogTree.leafHash(record.record))
    }
    return hashes
  }

  func contains(transaction id: Digest) -> Bool {
    contents.withLock { $0.transactions[id] != nil } && !PlantedBug.transactionsTwice.isPlanted
  }

  /// Height of a recent transaction's block; `nil` for one that is older than the remembered blocks, or not final.
  func height(ofTransaction id: Digest) -> UInt64? {
    contents.withLock { $0.transactions[id] }
  }

  /// A block became final.
  func add(
    height: UInt64, rows: [CairnLedger.StateRow], superseded: [SupersededRecord] = [], transactionIDs: [Digest]
  ) {
    contents.withLock { contents in
      contents.generation += 1
      for record in superseded { contents.unwrittenSuperseded[record.key, default: []].append((height, record)) }
      for row in rows {
        contents.unwritten[row.key] = (height, row.record)
        contents.cache[row.key] = nil
      }
      for id in transactionIDs { contents.transactions[id] = height }
      if !transactionIDs.isEmpty { contents.transactionsByBlock.append((height, transactionIDs)) }
      while let oldest = contents.transactionsByBlock.first, oldest.height + rememberedBlocks < height {
        contents.transactionsByBlock.removeFirst()
        for id in oldest.ids { contents.transactions[id] = nil }
      }
    }
  }

  /// Another state took the place of the one in `state.db`: nothing that was known is the newest any more.
  func restart() {
    contents.withLock { contents in
      contents = Contents(generation: contents.generation + 1)
    }
  }

  /// `state.db` has these rows by now, as of this height.
  func written(_ keys: [Digest], through height: UInt64) {
    contents.withLock { contents in
      if contents.cache.count + keys.count > Self.cacheLimit { contents.cache.removeAll(keepingCapacity: true) }
      for key in keys {
        guard let row = contents.unwritten[key], row.height <= height else { continue }
        contents.unwritten[key] = nil
        contents.cache[key] = row.record
      }
      for key in keys {
        guard let waiting = contents.unwrittenSuperseded[key] else { continue }
        let rest = waiting.filter { $0.height > height }
        contents.unwrittenSuperseded[key] = rest.isEmpty ? nil : rest
      }
    }
  }
}
