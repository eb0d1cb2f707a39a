public import CairnCrypto
public import CairnMerkle
public import CairnMessages
import Foundation

/// A record that a newer version of it has replaced.
public struct SupersededRecord: Hashable, Sendable {
  /// Of the row.
  public let key: Digest
  /// Versions before it.
  public let version: UInt64
  public let record: [UInt8]

  public init(key: Digest, version: UInt64, record: [UInt8]) {
    (self.key, self.version, self.record) = (key, version, record)
  }
}

extension LogFrontier {
  /// - Parameter peakBytes: the peaks one after the other, 32 bytes each, the largest first. `nil` when they are not those of this size.
  init?(size: UInt64, peakBytes: [UInt8]) {
    // Checked before anything is allocated for it.
    guard size <= LogTree.sizeLimit, peakBytes.count == size.nonzeroBitCount * Digest.byteCount else { return nil }
    let peaks = stride(from: 0, to: peakBytes.count, by: Digest.byteCount).compactMap { Digest(peakBytes[$0..<$0 + Digest.byteCount]) }
    self.init(size: size, peaks: peaks)
  }

  var peakBytes: [UInt8] { peaks.flatMap(\.bytes) }
}

/// An earlier version of a record, with its path to the peaks that the newest version has.
public struct EarlierVersion: Hashable, Sendable {
  public let index: UInt64
  public let record: [UInt8]
  public let path: [Digest]

  public init(index: UInt64, record: [UInt8], path: [Digest]) {
    (self.index, self.record, self.path) = (index, record, path)
  }

  /// `nil` for a path of anything but digests.
  public init?(_ message: ProtoEarlierVersion) {
    let path = message.path.compactMap { Digest($0) }
    guard path.count == message.path.count else { return nil }
    self.init(index: message.index, record: [UInt8](message.record), path: path)
  }

  public var message: ProtoEarlierVersion {
    var message = ProtoEarlierVersion()
    message.index = index
    message.record = Data(record)
    message.path = path.map { Data($0.bytes) }
    return message
  }

  /// Whether the newest version commits to this one.
  public func isCommitted(by earlier: LogFrontier) -> Bool {
    guard index < earlier.size else { return false }
    let proof = InclusionProof(index: index, path: path)
    return (try? proof.verify(leafHash: LogTree.leafHash(record), size: earlier.size, root: earlier.root)) != nil
  }
}
