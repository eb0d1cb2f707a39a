import CairnCrypto
import CairnMerkle
import Synchronization

/// Makes a snapshot from a view of the state, a slice at a time, beside everything else that the node does.
///
/// It is written under a temporary name, and gets its own when it is complete and synced: there is a whole snapshot or none.
public final class SnapshotMaker: Sendable {
  /// How many versions newer ones replaced, by the word of the newest.
  public typealias EarlierCount = @Sendable (_ value: [UInt8], _ record: [UInt8]) -> UInt64

  /// Pages of rows in one transaction.
  private static let pagesPerSlice = 8

  private struct Work {
    let view: StateView
    let database: Database
    var position = StateViewPosition()
    var cutter = StateCutter<StateRow>(byteLimit: SnapshotManifest.chunkByteTarget)
    var history = SnapshotHistoryPacker()
    var chunks: [SnapshotManifest.Chunk] = []
    var historyCount: UInt32 = 0
  }

  public let head: StateHead
  private let shelf: SnapshotShelf
  private let temporary: String
  private let earlierCount: EarlierCount
  /// `nil` when it is done.
  private let work: Mutex<Work?>

  init(_ view: StateView, on shelf: SnapshotShelf, earlierCount: @escaping EarlierCount) throws(StoreError) {
    (head, self.shelf, self.earlierCount) = (view.head, shelf, earlierCount)
    temporary = shelf.path(of: view.head.height) + SnapshotShelf.temporarySuffix
    try shelf.files.removeDatabase(temporary)
    let database = try Database(temporary, .snapshot, .writer, network: shelf.network, files: shelf.files)
    work = Mutex(Work(view: view, database: database))
  }

  /// Some milliseconds' work.
  ///
  /// - Returns: whether there is more to do.
  public func makeSlice() throws(StoreError) -> Bool {
    let isDone = try work.withLock { work throws(StoreError) in
      guard var slice = work.take() else { return true }
      if try makeSlice(&slice) {
        work = slice
        return false
      }
      return true
    }
    if isDone { try shelf.put(temporary, height: head.height) }
    return !isDone
  }

  /// - Returns: whether there is more to do.
  private func makeSlice(_ work: inout Work) throws(StoreError) -> Bool {
    let database = work.database
    var isAtEnd = false
    try database.transaction { () throws(StoreError) in
      for _ in 0..<Self.pagesPerSlice where !isAtEnd {
        let rows = try work.view.rows(from: &work.position)
        for row in rows { try take(row, &work) }
        isAtEnd = rows.isEmpty && work.position.range == nil
      }
      if isAtEnd { try finish(&work) }
    }
    try database.checkpointIfNeeded()
    if isAtEnd { try database.settle() }
    return !isAtEnd
  }

  private func take(_ row: StateRow, _ work: inout Work) throws(StoreError) {
    let byteCount = SnapshotChunk.byteCount(of: row)
    guard let pieces = work.cutter.append(key: row.key, value: row.value, row: row, byteCount: byteCount) else {
      throw .corrupt(table: "leaf", key: row.key.description)
    }
    for piece in pieces { try write(piece, &work) }
    let count = earlierCount(row.value, row.record)
    guard count > 0 else { return }
    let (view, database) = (work.view, work.database)
    let hashes = try view.supersededLeafHashes(row.key, count: count)
    guard UInt64(hashes.count) == count else { throw .corrupt(table: "superseded", key: row.key.description) }
    var number = work.historyCount
    try work.history.append(
      row.key, leafHashes: hashes,
      record: { version throws(StoreError) in try view.supersededRecord(row.key, version: version) },
      emit: { piece throws(StoreError) in try Self.write(piece, &number, database) })
    work.historyCount = number
  }

  private func write(_ piece: StateCutter<StateRow>.Piece, _ work: inout Work) throws(StoreError) {
    let bytes = SnapshotChunk(rows: piece.rows).bytes
    try work.database.run("INSERT INTO chunk (first_key, bytes) VALUES (?1, ?2)", .blob(piece.firstKey.bytes), .blob(bytes))
    work.chunks.append(SnapshotManifest.Chunk(firstKey: piece.firstKey, hash: piece.hash))
  }

  private static func write(_ piece: SnapshotHistory, _ number: inout UInt32, _ database: Database) throws(StoreError) {
    try database.run("INSERT INTO history VALUES (?1, ?2)", .integer(Int64(number)), .blob(piece.bytes))
    number += 1
  }

  private func finish(_ work: inout Work) throws(StoreError) {
    let (pieces, root) = work.cutter.finish()
    guard root == head.root else { throw .corrupt(table: "leaf", key: "state root of block \(head.height)") }
    for piece in pieces { try write(piece, &work) }
    let database = work.database
    var number = work.historyCount
    try work.history.finish { piece throws(StoreError) in try Self.write(piece, &number, database) }
    guard work.chunks.count <= SnapshotManifest.chunkLimit else {
      throw .tooLarge(what: "chunks of a snapshot", limit: SnapshotManifest.chunkLimit, actual: work.chunks.count)
    }
    let manifest = SnapshotManifest(height: head.height, chunks: work.chunks, historyCount: number)
    try database.run("INSERT INTO manifest VALUES (1, ?1)", .blob(manifest.bytes))
  }
}
