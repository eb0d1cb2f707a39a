public import CairnCrypto
public import CairnMerkle
import CairnMessages
import Foundation

/// The constitution in force, and the way to those before it: what its row in the state commits to.
public struct ConstitutionRecord: Hashable, Sendable {
  public static let byteLimit = 48 << 10
  /// The key of the constitution's row in the state tree.
  public static let stateKey = Digest.stateKey(type: StateType.constitution.rawValue, id: [])

  public let source: ConstitutionSource
  /// Header time of the block that made the version; Unix time.
  public let changedMilliseconds: UInt64
  public let changedHeight: UInt64
  /// Over the records of the versions before this one.
  public let earlier: LogFrontier

  /// 0 for the genesis'.
  public var version: UInt64 { earlier.size }

  init(_ source: ConstitutionSource, changedMilliseconds: UInt64, changedHeight: UInt64, earlier: LogFrontier = LogFrontier()) {
    (self.source, self.changedMilliseconds, self.changedHeight) = (source, changedMilliseconds, changedHeight)
    self.earlier = earlier
  }

  /// The version after this one.
  func replaced(by source: ConstitutionSource, changedMilliseconds: UInt64, changedHeight: UInt64) -> ConstitutionRecord {
    var earlier = earlier
    earlier.append(LogTree.leafHash(bytes))
    return ConstitutionRecord(source, changedMilliseconds: changedMilliseconds, changedHeight: changedHeight, earlier: earlier)
  }

  /// The text is not judged: what is in the state was, when it came there.
  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoConstitutionRecord = try .record(bytes, limit: Self.byteLimit)
    guard message.hasConstitution else { throw .field("constitution") }
    guard let earlier = LogFrontier(size: message.version, peakBytes: [UInt8](message.earlier)) else { throw .field("earlier") }
    self.init(
      ConstitutionSource(message.constitution), changedMilliseconds: message.changedMs, changedHeight: message.changedHeight,
      earlier: earlier)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoConstitutionRecord()
    message.constitution = source.message
    message.version = version
    message.changedMs = changedMilliseconds
    message.changedHeight = changedHeight
    message.earlier = Data(earlier.peakBytes)
    return Canonical.encode(message)
  }
}
