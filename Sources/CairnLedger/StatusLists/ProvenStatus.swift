public import CairnIdentity
public import CairnMessages

/// One bit of a status list at a moment, every byte behind it committed to by rows of the state.
public struct ProvenStatus: Hashable, Sendable {
  /// The list as it is now. What never changes of it, such as its purpose, was so at the moment too.
  public let list: StatusListRecord
  public let index: UInt32
  /// As asked for. Later than the header that proves the status means: as of that header.
  public let moment: StatusMoment
  public let isSet: Bool
  /// The bit has not changed since this block, perhaps for longer: it is the last one before the moment that changed any of the 2,048 bits
  /// around it, or else the list's own.
  public let since: BlockMoment
  /// The first block after the moment that changed any of these bits; `nil` while there is none.
  public let until: BlockMoment?
}

/// What the state says about a bit of a status list. Proven in each case.
public enum StatusOutcome: Hashable, Sendable {
  case found(ProvenStatus)
  /// The list was made after the moment.
  case notYetCreated(StatusListRecord)
  /// There is no such list.
  case noList
}

extension ProvenStatus {
  /// Checks what a node handed out against what the state proves.
  ///
  /// - Parameters:
  ///   - listValue: proven for the list's ``StatusListID/stateKey``; `nil` when its absence is proven.
  ///   - chunkValue: likewise for ``StatusListID/chunkKey(_:)`` of the index; not asked for when there is no list.
  public static func verify(
    _ list: StatusListID, index: UInt32, at moment: StatusMoment, listValue: [UInt8]?, chunkValue: [UInt8]?, _ answer: ProtoStatusAnswer
  ) throws(StatusError) -> StatusOutcome {
    guard let listValue else {
      guard answer == ProtoStatusAnswer() else { throw .absence }
      return .noList
    }
    let record = try StatusListRecord(list, proven: [UInt8](answer.list), by: listValue)
    guard record.exists(at: moment) else { return .notYetCreated(record) }
    guard index < record.length else { throw .indexOutOfRange }
    let chunk = try ProvenChunk(answer.chunk, of: record, stateValue: chunkValue, at: moment)
    let position = StatusChunk.position(of: index)
    return .found(
      ProvenStatus(
        list: record, index: index, moment: moment, isSet: chunk.bits[position >> 3] & 0x80 >> UInt8(position & 7) != 0,
        since: chunk.since, until: chunk.until))
  }
}
