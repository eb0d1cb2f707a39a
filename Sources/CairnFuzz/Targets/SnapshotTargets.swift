import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnStore
import Foundation

extension FuzzTarget {
  static let snapshotManifest = FuzzTarget(
    "snapshot-manifest", "manifests of snapshots",
    seeds: {
      [
        SnapshotSample.shared.manifest.bytes, SnapshotManifest(height: 0, chunks: [], historyCount: 0).bytes,
        SnapshotManifest(height: .max, chunks: SnapshotSample.scatteredChunks, historyCount: .max).bytes,
      ]
    }
  ) { input in
    guard let manifest = SnapshotManifest(decoding: input) else { return false }
    try require(manifest.bytes == input, "what was accepted encodes to other bytes")
    // Keys in any other order fold to nothing, so that a root has one manifest for each way to cut the state.
    if manifest.stateRoot != nil {
      let keys = manifest.chunks.map(\.firstKey)
      try require(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 }, "keys that do not ascend fold to a root")
    }
    return true
  }

  /// A lie never says anything about the state but the truth.
  static let snapshotChunk = FuzzTarget(
    "snapshot-chunk", "rows of snapshots, as a node that fetches them verifies them", byteLimit: 16 << 10,
    seeds: { [SnapshotSample.shared.chunk.bytes] }
  ) { input in
    let sample = SnapshotSample.shared
    guard let chunk = try? SnapshotChunk(input, of: sample.manifest.chunks[0]) else { return false }
    try require(
      chunk.rows.map(\.key) == sample.chunk.rows.map(\.key) && chunk.rows.map(\.value) == sample.chunk.rows.map(\.value),
      "a node believed other rows")
    return true
  }

  static let snapshotHistory = FuzzTarget(
    "snapshot-history", "earlier versions in snapshots, as a node that fetches them verifies them", byteLimit: 16 << 10, isProtobuf: true,
    seeds: { SnapshotSample.shared.histories() }
  ) { input in
    let sample = SnapshotSample.shared
    guard let history = try? SnapshotHistory(input),
      let versions = try? history.verified({ key throws(StoreError) in key == sample.key ? sample.earlier : nil })
    else { return false }
    try require(
      versions.allSatisfy { $0.key == sample.key && $0.record == SnapshotSample.record($0.version) }, "a node believed other versions")
    return true
  }
}

/// A snapshot of a small state: one piece of rows, and the versions of one record before the newest.
private struct SnapshotSample: Sendable {
  static let shared = SnapshotSample()

  private static let versionCount: UInt64 = 13

  static let scatteredChunks = (0..<64).map { (number: UInt8) in
    SnapshotManifest.Chunk(firstKey: .sha256([number]), hash: .sha256([number, number]))
  }

  let chunk: SnapshotChunk
  let manifest: SnapshotManifest
  let key = Digest.sha256([1])
  let earlier: LogFrontier

  static func record(_ version: UInt64) -> [UInt8] { [UInt8](repeating: UInt8(truncatingIfNeeded: version), count: 16) }

  private init() {
    let rows = FuzzWorld.shared.rows.map { CairnStore.StateRow(key: $0.key, value: $0.value, record: $0.record) }.sorted { $0.key < $1.key }
    chunk = SnapshotChunk(rows: rows)
    manifest = SnapshotManifest(
      height: 7, chunks: [.init(firstKey: rows[0].key, hash: StateTree(rows: rows.map { ($0.key, $0.value) }).root)], historyCount: 2)
    var earlier = LogFrontier()
    for version in 0..<Self.versionCount { earlier.append(LogTree.leafHash(Self.record(version))) }
    self.earlier = earlier
  }

  /// All versions at once, and the last ones after a tree of those before.
  func histories() -> [[UInt8]] {
    [0, 4, 12].map { (first: UInt64) in
      var before = LogFrontier()
      for version in 0..<first { before.append(LogTree.leafHash(Self.record(version))) }
      var run = ProtoSnapshotHistoryRun()
      run.key = Data(key.bytes)
      run.first = first
      run.peaks = Data(before.peaks.flatMap(\.bytes))
      run.records = (first..<Self.versionCount).map { Data(Self.record($0)) }
      var message = ProtoSnapshotHistory()
      message.runs = [run]
      return Canonical.encode(message)
    }
  }
}
