import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

@testable import CairnLedger

extension World {
  static let list: StatusListID = list("tools")

  /// A list of the registrar, who is an issuer too.
  static func list(_ name: String, of issuer: CairnDID = registrar) -> StatusListID {
    guard let list = try? StatusListID(issuer: issuer, name: name) else { preconditionFailure("a list can have this name") }
    return list
  }

  /// In the next block.
  mutating func createList(
    _ list: StatusListID = World.list, purpose: StatusListPurpose = .suspension, revokers: [CairnDID] = []
  ) throws {
    try commit(transaction([.createStatusList(list, purpose: purpose, revokers: revokers, network: network)], nonce: Int(height)))
  }

  func update(
    _ list: StatusListID = World.list, set: [UInt32] = [], clear: [UInt32] = []
  ) throws -> LedgerOperation {
    try .updateStatusList(list, set: set, clear: clear, network: network)
  }

  /// In a block of its own.
  @discardableResult
  mutating func commitUpdate(
    _ list: StatusListID = World.list, set: [UInt32] = [], clear: [UInt32] = [], by submitter: CairnDID = World.registrar,
    signers: [Int] = [1]
  ) throws -> ExecutedBlock {
    try commit(transaction([update(list, set: set, clear: clear)], by: submitter, signers: signers, nonce: Int(height)))
  }

  func chunk(_ index: UInt32 = 0, of list: StatusListID = World.list) throws -> StatusChunk? {
    try state.record(forKey: list.chunkKey(index)).map { try StatusChunk(decoding: $0) }
  }

  func status(_ index: UInt32, of list: StatusListID = World.list, at moment: StatusMoment = .now) throws -> StatusOutcome {
    let answer = try state.statusAnswer(index, of: list, at: moment)
    return try ProvenStatus.verify(
      list, index: index, at: moment, listValue: state.tree[list.stateKey],
      chunkValue: state.tree[list.chunkKey(StatusChunk.chunk(of: index))], answer)
  }

  func isSet(_ index: UInt32, of list: StatusListID = World.list, at moment: StatusMoment = .now) throws -> Bool? {
    if case .found(let status) = try status(index, of: list, at: moment) { status.isSet } else { nil }
  }
}

// What an honest node answers, found by looking at every version.
extension LedgerState {
  func statusAnswer(_ index: UInt32, of list: StatusListID, at moment: StatusMoment) throws -> ProtoStatusAnswer {
    var answer = ProtoStatusAnswer()
    guard let record = try record(forKey: list.stateKey) else { return answer }
    answer.list = Data(record)
    answer.chunk = try chunkAnswer(StatusChunk.chunk(of: index), of: list, at: moment)
    return answer
  }

  func chunkAnswer(_ index: UInt32, of list: StatusListID, at moment: StatusMoment) throws -> ProtoChunkAnswer {
    var answer = ProtoChunkAnswer()
    let key = list.chunkKey(index)
    guard let bytes = try record(forKey: key) else { return answer }
    answer.record = Data(bytes)
    let newest = try StatusChunk(decoding: bytes)
    let (version, successor) = try inForce(key, newest.earlier, newest: bytes) { bytes in
      let chunk = try StatusChunk(decoding: bytes)
      return moment.isAtOrAfter(height: chunk.updatedHeight, milliseconds: chunk.updatedMilliseconds)
    }
    if let version { answer.version = version.message }
    if let successor { answer.successor = successor.message }
    return answer
  }

  func resolution(of did: CairnDID, at selector: VersionSelector) throws -> ProtoResolution {
    var resolution = ProtoResolution()
    guard let bytes = try record(forKey: did.stateKey) else { return resolution }
    resolution.record = Data(bytes)
    let newest = try DIDRecord(decoding: bytes)
    let (version, successor) = try inForce(did.stateKey, newest.earlier, newest: bytes) { bytes in
      let record = try DIDRecord(decoding: bytes)
      switch selector {
      case .newest: return true
      case .id(let id): return record.head.sequence <= id
      case .time(let time): return record.updatedMilliseconds <= time
      }
    }
    if let version { resolution.version = version.message }
    if let successor { resolution.successor = successor.message }
    if let version {
      resolution.document = Data(try DIDRecord(decoding: version.record).documentJSON)
    } else if case .time(let time) = selector, time < newest.createdMilliseconds {
      return resolution
    } else {
      resolution.document = Data(newest.documentJSON)
    }
    return resolution
  }

  private func inForce(
    _ key: Digest, _ earlier: LogFrontier, newest: [UInt8], hadBegun: ([UInt8]) throws -> Bool
  ) throws -> (version: EarlierVersion?, successor: EarlierVersion?) {
    if try hadBegun(newest) { return (nil, nil) }
    let versions = try (0..<earlier.size).map { try earlierVersion($0, forKey: key, of: earlier) }
    let count = try versions.prefix { try hadBegun($0.record) }.count
    return (count > 0 ? versions[count - 1] : nil, count < versions.count ? versions[count] : nil)
  }
}
