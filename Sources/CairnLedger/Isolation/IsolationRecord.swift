public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages
import SwiftProtobuf

/// The newest isolation of a DID: what its row in the state commits to. A DID that was never isolated has no row.
public struct IsolationRecord: Hashable, Sendable {
  /// Three DIDs, a reason, numbers.
  public static let byteLimit = 1 << 10

  /// The end that a guardian set to it.
  public struct Release: Hashable, Sendable {
    /// Header time of the block that released the DID; Unix time.
    public let milliseconds: UInt64
    public let by: CairnDID
  }

  public let did: CairnDID
  /// Header time of the block that isolated the DID; Unix time.
  public let sinceMilliseconds: UInt64
  public let sinceHeight: UInt64
  /// Unix time; `nil` until it is released.
  public let untilMilliseconds: UInt64?
  /// The guardian who said so last.
  public let by: CairnDID
  /// For people.
  public let reason: String
  public let release: Release?

  /// Whether the isolation holds at this Unix time: that of a header, so that everybody judges alike.
  public func isInForce(atMilliseconds time: UInt64) -> Bool {
    guard release == nil else { return false }
    return untilMilliseconds.map { time < $0 } ?? true
  }
}

extension IsolationRecord {
  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoIsolationRecord = try .record(bytes, limit: Self.byteLimit)
    guard let did = try? CairnDID(parsing: message.did) else { throw .field("did") }
    guard let by = try? CairnDID(parsing: message.by) else { throw .field("by") }
    guard AgentIsolate.isReason(message.reason) else { throw .field("reason") }
    (self.did, self.by, reason) = (did, by, message.reason)
    (sinceMilliseconds, sinceHeight) = (message.sinceMs, message.sinceHeight)
    untilMilliseconds = message.untilMs == 0 ? nil : message.untilMs
    guard message.releasedMs != 0 else {
      guard message.releasedBy.isEmpty else { throw .field("released_by") }
      release = nil
      return
    }
    guard let releaser = try? CairnDID(parsing: message.releasedBy) else { throw .field("released_by") }
    release = Release(milliseconds: message.releasedMs, by: releaser)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoIsolationRecord()
    message.did = did.description
    message.sinceMs = sinceMilliseconds
    message.sinceHeight = sinceHeight
    message.untilMs = untilMilliseconds ?? 0
    message.by = by.description
    message.reason = reason
    if let release {
      message.releasedMs = release.milliseconds
      message.releasedBy = release.by.description
    }
    return Canonical.encode(message)
  }

  /// Checks what a node handed out against what the state proves.
  ///
  /// - Parameters:
  ///   - did: the one that was asked for.
  ///   - stateValue: proven for ``CairnIdentity/CairnDID/isolationKey`` of the DID; `nil` when its absence is proven.
  ///   - record: bytes of the `IsolationRecord`; empty when there is none.
  /// - Returns: `nil` when the DID was never isolated.
  public static func verify(
    _ did: CairnDID, stateValue: [UInt8]?, record: [UInt8]
  ) throws(ResolutionError) -> IsolationRecord? {
    guard let stateValue else {
      guard record.isEmpty else { throw .recordHash }
      return nil
    }
    let value: StateValue
    do { value = try StateValue(decoding: stateValue) } catch { throw .stateValue(error) }
    guard value.type == .isolation else { throw .wrongType }
    guard value.recordHash == .sha256(record) else { throw .recordHash }
    let isolation: IsolationRecord
    do { isolation = try IsolationRecord(decoding: record) } catch { throw .isolation(error) }
    guard isolation.did == did else { throw .wrongDID }
    return isolation
  }
}

extension CairnDID {
  /// The key of the row that holds the DID's isolation.
  public var isolationKey: Digest { .stateKey(type: StateType.isolation.rawValue, id: Array(description.utf8)) }
}
