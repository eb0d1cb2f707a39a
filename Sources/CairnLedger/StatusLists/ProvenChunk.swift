import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages

/// Up to 2,048 bits of a status list as they were at a moment, and between which blocks they were so.
struct ProvenChunk: Hashable, Sendable {
  /// 256 bytes; bit i is bit 7 - (i & 7) of byte i >> 3.
  let bits: [UInt8]
  let since: BlockMoment
  /// `nil` while nothing has replaced them.
  let until: BlockMoment?

  /// Checks what a node handed out against what the state proves.
  ///
  /// - Parameters:
  ///   - list: existed at the moment.
  ///   - stateValue: proven for the chunk's key; `nil` when its absence is proven: no bit was ever set.
  init(_ answer: ProtoChunkAnswer, of list: StatusListRecord, stateValue: [UInt8]?, at moment: StatusMoment) throws(StatusError) {
    guard let stateValue else {
      guard answer.record.isEmpty, !answer.hasVersion, !answer.hasSuccessor else { throw .absence }
      (bits, since, until) = (StatusChunk.clear, list.created, nil)
      return
    }
    let newest = try StatusChunk(proven: [UInt8](answer.record), by: stateValue)
    let version = try answer.hasVersion ? EarlierChunk(answer.version) : nil
    let successor = try answer.hasSuccessor ? EarlierChunk(answer.successor) : nil
    let inForce: VersionInForce
    do throws(VersionError) {
      inForce = try Self.inForce(at: moment, newest, version, successor)
    } catch {
      throw .version(error)
    }
    switch inForce {
    case .newest: (bits, since, until) = (newest.bits, newest.updated, nil)
    case .earlier:
      guard let version else { throw .version(.wrongVersion) }
      (bits, since, until) = (version.chunk.bits, version.chunk.updated, successor?.chunk.updated ?? newest.updated)
    case .none: (bits, since, until) = (StatusChunk.clear, list.created, successor?.chunk.updated ?? newest.updated)
    }
  }

  private static func inForce(
    at moment: StatusMoment, _ newest: StatusChunk, _ version: EarlierChunk?, _ successor: EarlierChunk?
  ) throws(VersionError) -> VersionInForce {
    let start: (StatusChunk) -> UInt64
    let value: UInt64
    switch moment {
    case .now:
      guard version == nil, successor == nil else { throw .wrongMoment }
      return .newest
    case .height(let height): (start, value) = ({ $0.updatedHeight }, height)
    case .time(let milliseconds): (start, value) = ({ $0.updatedMilliseconds }, milliseconds)
    }
    return try VersionInForce.verify(
      at: value, newest: start(newest), earlier: newest.earlier, version: version?.proven, successor: successor?.proven
    ) { bytes in
      [version, successor].compactMap(\.self).first { $0.proven.record == bytes }.map { start($0.chunk) }
    }
  }
}

/// A block, as far as records tell.
public struct BlockMoment: Hashable, Sendable {
  public let height: UInt64
  /// Header time; Unix time.
  public let milliseconds: UInt64

  public init(height: UInt64, milliseconds: UInt64) { (self.height, self.milliseconds) = (height, milliseconds) }
}

/// An earlier version of a chunk, decoded, and not yet shown to be one.
private struct EarlierChunk {
  let proven: EarlierVersion
  let chunk: StatusChunk

  init(_ message: ProtoEarlierVersion) throws(StatusError) {
    guard let proven = EarlierVersion(message) else { throw .version(.notCommitted) }
    self.proven = proven
    do { chunk = try StatusChunk(decoding: proven.record) } catch { throw .record(error) }
  }
}

extension StatusChunk {
  static let clear = [UInt8](repeating: 0, count: byteCount)

  fileprivate var updated: BlockMoment { BlockMoment(height: updatedHeight, milliseconds: updatedMilliseconds) }

  fileprivate init(proven record: [UInt8], by stateValue: [UInt8]) throws(StatusError) {
    try StateValue.check(record, by: stateValue, type: .statusChunk)
    do { try self.init(decoding: record) } catch { throw .record(error) }
  }
}

extension StatusListRecord {
  /// The block that made the list.
  public var created: BlockMoment { BlockMoment(height: createdHeight, milliseconds: createdMilliseconds) }

  /// Whether the list existed at a moment.
  package func exists(at moment: StatusMoment) -> Bool {
    moment.isAtOrAfter(height: createdHeight, milliseconds: createdMilliseconds)
  }

  /// - Parameter stateValue: proven for the list's key.
  init(_ list: StatusListID, proven record: [UInt8], by stateValue: [UInt8]) throws(StatusError) {
    try StateValue.check(record, by: stateValue, type: .statusList)
    do { try self.init(decoding: record) } catch { throw .record(error) }
    guard self.list == list else { throw .wrongList }
  }
}

extension StateValue {
  /// Whether the proven value commits to these bytes as a record of this type.
  fileprivate static func check(_ record: [UInt8], by stateValue: [UInt8], type: StateType) throws(StatusError) {
    let value: StateValue
    do { value = try StateValue(decoding: stateValue) } catch { throw .stateValue(error) }
    guard value.type == type else { throw .wrongType }
    guard value.recordHash == .sha256(record) else { throw .recordHash }
  }
}
