public import CairnChain
public import CairnCrypto
import Synchronization

/// The one writer of `index.db`. It trails the chain, from which it takes what it lacks.
public final class IndexWriter: Sendable {
  private struct Connection {
    let database: Database
    var head: IndexTable.Head?
    var failure: StoreError?
  }

  private let connection: Mutex<Connection>
  private let keys: IndexKeys

  /// Reads the whole index once, to see that no bit of it changed.
  init(path: String, network: Digest, keys: @escaping IndexKeys, files: FileSystem) throws(StoreError) {
    let database = try Database(path, .index, .writer, network: network, files: files)
    let table = IndexTable(database: database)
    let head = try table.head()
    guard try table.sum() == head?.sum ?? 0 else { throw .corrupt(table: "posting", key: "sum") }
    connection = Mutex(Connection(database: database, head: head))
    self.keys = keys
  }

  /// The last block in the index; `nil` before the first.
  public var height: UInt64? { connection.withLock { $0.head?.height } }
  var headDigest: Digest? { connection.withLock { $0.head?.digest } }

  /// Adds the blocks that the chain has and the index has not; returns when there is none left.
  public func catchUp(from chain: ChainReader) throws(StoreError) {
    while true {
      let next = height.map { $0 + 1 } ?? 0
      var blocks = try chain.blocks(from: next, count: ChainReader.windowCountLimit).map(\.block)
      var gap: HistoryGap?
      if blocks.isEmpty, let missing = try chain.gap(), missing.heights.contains(next) {
        gap = missing
        blocks = try chain.blocks(from: missing.base.header.height + 1, count: ChainReader.windowCountLimit).map(\.block)
      }
      guard !blocks.isEmpty else { return }
      try add(blocks, after: gap)
    }
  }

  /// Adds blocks that follow the last one in the index.
  ///
  /// - Parameter gap: what the chain lacks between that one and these.
  public func add(_ blocks: [Block], after gap: HistoryGap? = nil) throws(StoreError) {
    try connection.withLock { connection throws(StoreError) in
      if let failure = connection.failure { throw failure }
      do throws(StoreError) { try add(blocks, after: gap, to: &connection) } catch {
        connection.failure = error
        throw error
      }
    }
  }

  private func add(_ blocks: [Block], after gap: HistoryGap?, to connection: inout Connection) throws(StoreError) {
    var head = connection.head
    var next = head.map { $0.height + 1 } ?? 0
    if let gap, gap.heights.contains(next) { next = gap.base.header.height + 1 }
    var postings: [IndexTable.Posting] = []
    for block in blocks {
      guard block.header.height == next else { throw .notLinked(height: block.header.height, link: .height) }
      next += 1
      let added = IndexTable.postings(of: block, keys: keys)
      head = IndexTable.Head(
        height: block.header.height, digest: block.digest, sum: added.reduce(head?.sum ?? 0) { $0 &+ $1.mixed })
      postings += added
    }
    guard let head else { return }
    // Neighbours in a generation are written together.
    postings.sort()
    let table = IndexTable(database: connection.database)
    try connection.database.transaction { () throws(StoreError) in
      for posting in postings { try table.insert(posting) }
      try table.setHead(head)
    }
    connection.head = head
    try connection.database.checkpointIfNeeded()
  }
}

/// Reads `index.db` together with the chain that it points into. May be shared, but calls take turns.
public final class IndexReader: Sendable {
  /// How many entries are looked at in one call.
  public static let pageLimit = 256

  private let database: Mutex<Database>
  private let chain: ChainReader
  private let keys: IndexKeys

  init(path: String, network: Digest, keys: @escaping IndexKeys, chain: ChainReader, files: FileSystem) throws(StoreError) {
    database = Mutex(try Database(path, .index, .reader, network: network, files: files.forReading))
    (self.keys, self.chain) = (keys, chain)
  }

  /// Transactions under a key, the newest first, before a log index; `pageLimit` at most. Each was read and has the key, not only
  /// its first bytes.
  public func transactions(under key: Digest, before end: UInt64? = nil, limit: Int = pageLimit) throws(StoreError) -> [LocatedTransaction]
  {
    let limit = min(max(limit, 0), Self.pageLimit)
    var found: [LocatedTransaction] = []
    var end = end
    while found.count < limit {
      let start = end
      let positions = try database.withLock { database throws(StoreError) in
        try IndexTable(database: database).positions(key.indexPrefix, before: start, limit: limit)
      }
      guard let last = positions.last else { break }
      for position in positions where found.count < limit {
        if let bytes = try transaction(at: position, under: key) { found.append(LocatedTransaction(logIndex: position, bytes: bytes)) }
      }
      end = last
    }
    return found
  }

  /// The transaction with this id, which is the first of its keys.
  public func transaction(id: Digest) throws(StoreError) -> LocatedTransaction? {
    try transactions(under: id, limit: 1).first
  }

  /// `nil` when the entry only shares the key's first bytes.
  private func transaction(at position: UInt64, under key: Digest) throws(StoreError) -> [UInt8]? {
    guard case .transaction(let bytes) = try chain.entry(at: position) else {
      throw .corrupt(table: "posting", key: "\(key)")
    }
    let keys = keys(bytes)
    guard keys.contains(where: { $0.indexPrefix == key.indexPrefix }) else { throw .corrupt(table: "posting", key: "\(key)") }
    return keys.contains(key) ? bytes : nil
  }
}
