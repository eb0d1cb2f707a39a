import CairnCrypto
import CairnMerkle

/// The rows of one subtree of the state, with their records, in the order of their keys:
/// `(key(32) || |value| u16be || value || |record| u32be || record)*`.
public struct SnapshotChunk: Hashable, Sendable {
  /// The largest row by itself, with room for its lengths.
  public static let byteLimit = max(SnapshotManifest.chunkByteTarget, StateRow.recordByteLimit + StateTree.valueLimit) + (4 << 10)

  static let rowOverhead = Digest.byteCount + 2 + 4

  public let rows: [StateRow]

  package init(rows: [StateRow]) { self.rows = rows }

  /// What a peer sent: rows of bounded length, ascending, that fold to the subtree's node.
  ///
  /// What the values say of the records is the ledger's to judge.
  public init(_ bytes: [UInt8], of chunk: SnapshotManifest.Chunk) throws(SnapshotFault) {
    guard bytes.count <= Self.byteLimit else { throw .tooLarge }
    guard let rows = Self.decode(bytes) else { throw .malformed }
    var fold = StateFold()
    for row in rows { fold.append(key: row.key, value: row.value) }
    guard rows.first?.key == chunk.firstKey, fold.root() == chunk.hash else { throw .wrongChunk }
    self.rows = rows
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rows.reduce(0) { $0 + Self.byteCount(of: $1) })
    for row in rows {
      row.key.withUnsafeBytes { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: UInt16(row.value.count).bigEndian) { bytes.append(contentsOf: $0) }
      bytes += row.value
      withUnsafeBytes(of: UInt32(row.record.count).bigEndian) { bytes.append(contentsOf: $0) }
      bytes += row.record
    }
    return bytes
  }

  static func byteCount(of row: StateRow) -> Int { rowOverhead + row.value.count + row.record.count }

  private static func decode(_ bytes: [UInt8]) -> [StateRow]? {
    bytes.withUnsafeBytes { buffer in
      var rows: [StateRow] = []
      var rest = buffer[...]
      func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
      }
      while !rest.isEmpty {
        guard let key = take(Digest.byteCount).flatMap({ Digest(rawBytes: $0) }),
          let valueCount = take(2).map({ Int(UInt16(bigEndian: $0.loadUnaligned(as: UInt16.self))) }), valueCount <= StateTree.valueLimit,
          let value = take(valueCount),
          let recordCount = take(4).map({ Int(UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self))) }),
          recordCount <= StateRow.recordByteLimit, let record = take(recordCount)
        else { return nil }
        rows.append(StateRow(key: key, value: Array(value), record: Array(record)))
      }
      return rows
    }
  }
}

/// Why a part of a snapshot is not believed.
public enum SnapshotFault: String, Error, Hashable, Sendable, CaseIterable {
  case tooLarge = "snapshot_part_too_large"
  case malformed = "snapshot_part_malformed"
  /// Not the rows that the manifest's subtree has.
  case wrongChunk = "snapshot_wrong_chunk"
  /// A record that its row does not commit to.
  case wrongRecord = "snapshot_wrong_record"
  /// Not the versions that the newest one commits to.
  case wrongHistory = "snapshot_wrong_history"
  /// Not the manifest that was offered, or not of the block's state.
  case wrongManifest = "snapshot_wrong_manifest"
  /// A header, a certificate or a proof that does not hold.
  case wrongHeader = "snapshot_wrong_header"
  /// Everything is there, and yet it is not all that the state commits to.
  case incomplete = "snapshot_incomplete"
}
