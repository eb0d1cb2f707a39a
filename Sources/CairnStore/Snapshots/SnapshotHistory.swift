public import CairnCrypto
public import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

/// A piece of a snapshot with versions of records that newer ones replaced. Proven by the newest versions, which commit to all before them.
public struct SnapshotHistory: Sendable {
  /// Consecutive versions of one record.
  struct Run: Sendable {
    let key: Digest
    /// The tree over the versions before the first one here.
    let before: LogFrontier
    var records: [[UInt8]] = []
    /// From the tree that ends with the last one here to that of all earlier versions; empty when that is the same.
    var path: [Digest] = []
  }

  static let byteTarget = SnapshotManifest.chunkByteTarget
  /// One record of the largest size in a frame of its own.
  static let byteLimit = SnapshotChunk.byteLimit

  var runs: [Run]

  init(runs: [Run]) { self.runs = runs }

  /// What a peer sent, checked for its form.
  public init(_ bytes: [UInt8]) throws(SnapshotFault) {
    guard bytes.count <= Self.byteLimit else { throw .tooLarge }
    guard let message = try? ProtoSnapshotHistory(serializedBytes: bytes), !message.runs.isEmpty else { throw .malformed }
    runs = []
    for run in message.runs {
      guard let key = Digest(run.key), let peaks = Self.digests(run.peaks), !run.records.isEmpty, run.path.count <= 64,
        let before = LogFrontier(size: run.first, peaks: peaks), run.first < LogTree.sizeLimit - UInt64(run.records.count),
        run.records.allSatisfy({ $0.count <= StateRow.recordByteLimit })
      else { throw .malformed }
      let path = run.path.compactMap { Digest($0) }
      guard path.count == run.path.count else { throw .malformed }
      runs.append(Run(key: key, before: before, records: run.records.map { [UInt8]($0) }, path: path))
    }
  }

  /// The versions, when every run is what the newest version of its record commits to.
  ///
  /// - Parameter earlier: the tree over all versions before a record's newest one; `nil` when there is no such record.
  public func verified(
    _ earlier: (Digest) throws(StoreError) -> LogFrontier?
  ) throws -> [SupersededRow] {
    var rows: [SupersededRow] = []
    for run in runs {
      guard let all = try earlier(run.key) else { throw SnapshotFault.wrongHistory }
      rows += try run.verified(by: all)
    }
    return rows
  }

  var bytes: [UInt8] {
    var message = ProtoSnapshotHistory()
    message.runs = runs.map { run in
      var message = ProtoSnapshotHistoryRun()
      message.key = Data(run.key.bytes)
      message.first = run.before.size
      message.peaks = Data(run.before.peaks.flatMap(\.bytes))
      message.records = run.records.map { Data($0) }
      message.path = run.path.map { Data($0.bytes) }
      return message
    }
    return Canonical.encode(message)
  }

  private static func digests(_ bytes: Data) -> [Digest]? {
    guard bytes.count.isMultiple(of: Digest.byteCount), bytes.count <= 64 * Digest.byteCount else { return nil }
    let bytes = [UInt8](bytes)
    return stride(from: 0, to: bytes.count, by: Digest.byteCount).compactMap { Digest(bytes[$0..<$0 + Digest.byteCount]) }
  }
}

extension SnapshotHistory.Run {
  /// The tree before the first version, with these versions, continues to the tree of all: so that each of them is where it says.
  func verified(by all: LogFrontier) throws(SnapshotFault) -> [SupersededRow] {
    var tree = before
    for record in records { tree.append(LogTree.leafHash(record)) }
    guard tree.size <= all.size else { throw .wrongHistory }
    do {
      try LogConsistencyProof(oldSize: tree.size, newSize: all.size, path: path).verify(oldRoot: tree.root, newRoot: all.root)
    } catch {
      throw .wrongHistory
    }
    return records.enumerated().map { SupersededRow(key: key, version: before.size + UInt64($0.offset), record: $0.element) }
  }
}

/// Packs the replaced versions of one record after the other into pieces.
struct SnapshotHistoryPacker {
  private var runs: [SnapshotHistory.Run] = []
  private var byteCount = 0

  /// - Parameters:
  ///   - leafHashes: of all versions that newer ones replaced.
  ///   - record: one of them.
  ///   - emit: called with each piece that is full.
  mutating func append(
    _ key: Digest, leafHashes: [Digest], record: (UInt64) throws(StoreError) -> [UInt8],
    emit: (SnapshotHistory) throws(StoreError) -> Void
  ) throws(StoreError) {
    var run = SnapshotHistory.Run(key: key, before: LogFrontier())
    var tree = LogFrontier()
    for (version, leafHash) in leafHashes.enumerated() {
      let record = try record(UInt64(version))
      if byteCount > 0, byteCount + record.count > SnapshotHistory.byteTarget {
        if !run.records.isEmpty {
          run.path = try Self.path(from: tree.size, in: leafHashes, key)
          runs.append(run)
          run = SnapshotHistory.Run(key: key, before: tree)
        }
        try emit(SnapshotHistory(runs: runs))
        (runs, byteCount) = ([], 0)
      }
      run.records.append(record)
      byteCount += record.count + Digest.byteCount
      tree.append(leafHash)
    }
    runs.append(run)
  }

  mutating func finish(emit: (SnapshotHistory) throws(StoreError) -> Void) throws(StoreError) {
    guard !runs.isEmpty else { return }
    try emit(SnapshotHistory(runs: runs))
    runs = []
  }

  private static func path(from size: UInt64, in leafHashes: [Digest], _ key: Digest) throws(StoreError) -> [Digest] {
    var edge = LogTileEdge()
    var tiles = HeldTiles()
    for hash in leafHashes {
      for tile in edge.append(hash) { tiles.tiles[tile.coordinate] = tile.hashes }
    }
    do {
      return try LogProver(edge: edge, source: tiles).consistencyProof(from: size, to: edge.size).path
    } catch {
      throw .corrupt(table: "superseded", key: key.description)
    }
  }

  private struct HeldTiles: LogTileSource {
    var tiles: [LogTileCoordinate: [Digest]] = [:]

    func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] {
      guard let hashes = tiles[coordinate] else { throw LogProverError.malformedTile(coordinate) }
      return hashes
    }
  }
}
