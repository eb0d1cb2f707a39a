public import CairnCrypto
import Synchronization

/// The snapshots that this node has made. May be asked from any thread.
public final class SnapshotShelf: Sendable {
  /// The newest, and the one before it for whoever is at fetching that.
  public static let retainedCount = 2
  static let temporarySuffix = ".new"

  let network: Digest
  let files: FileSystem
  private let directory: String
  /// By height.
  private let snapshots: Mutex<[UInt64: SnapshotFile]>

  /// Removes what a crash left of snapshots that were being made, and files that are none.
  init(_ directory: String, network: Digest, files: FileSystem) throws(StoreError) {
    (self.directory, self.network, self.files) = (directory, network, files)
    try files.createDirectory(directory)
    var found: [UInt64: SnapshotFile] = [:]
    for name in try files.names(in: directory) {
      guard let height = Self.height(name) else {
        if name.contains(Self.temporarySuffix) { try files.remove(directory + "/" + name) }
        continue
      }
      do { found[height] = try SnapshotFile(directory + "/" + name, network: network, files: files) } catch {
        switch error {
        case .corrupt, .schemaVersion: try files.removeDatabase(directory + "/" + name)
        default: throw error
        }
      }
    }
    snapshots = Mutex(found)
  }

  /// Height of the newest.
  public var newestHeight: UInt64? { snapshots.withLock { $0.keys.max() } }

  /// The newest first.
  public var offers: [(height: UInt64, manifest: Digest, manifestByteCount: Int)] {
    snapshots.withLock { snapshots in
      snapshots.values.sorted { $0.manifest.height > $1.manifest.height }.map { ($0.manifest.height, $0.digest, $0.manifestBytes.count) }
    }
  }

  /// Bytes of a manifest from an offset on; `nil` when it is not here.
  public func manifest(_ digest: Digest, from offset: UInt32) -> [UInt8]? {
    guard let file = file(digest), Int(offset) < file.manifestBytes.count else { return nil }
    return Array(file.manifestBytes[Int(offset)...].prefix(SnapshotManifest.partByteLimit))
  }

  public func chunk(of digest: Digest, from firstKey: Digest) throws(StoreError) -> [UInt8]? {
    try file(digest)?.chunk(from: firstKey)
  }

  public func history(of digest: Digest, _ number: UInt32) throws(StoreError) -> [UInt8]? {
    try file(digest)?.history(number)
  }

  private func file(_ digest: Digest) -> SnapshotFile? {
    snapshots.withLock { snapshots in snapshots.values.first { $0.digest == digest } }
  }

  func path(of height: UInt64) -> String { "\(directory)/\(height).db" }

  /// Gives a complete snapshot its name, and lets the oldest ones go.
  func put(_ temporary: String, height: UInt64) throws(StoreError) {
    for side in ["-wal", "-shm"] { try files.remove(temporary + side) }
    try files.rename(temporary, to: path(of: height))
    let file = try SnapshotFile(path(of: height), network: network, files: files)
    let outdated = snapshots.withLock { snapshots in
      snapshots[height] = file
      let outdated = snapshots.keys.sorted().dropLast(Self.retainedCount)
      for height in outdated { snapshots[height] = nil }
      return Array(outdated)
    }
    for height in outdated { try files.removeDatabase(path(of: height)) }
  }

  /// `nil` for a name that no snapshot has.
  private static func height(_ name: String) -> UInt64? {
    guard name.hasSuffix(".db"), let height = UInt64(name.dropLast(3)), "\(height).db" == name else { return nil }
    return height
  }
}
