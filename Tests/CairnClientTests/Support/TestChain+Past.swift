import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

extension TestChain {
  static func list(of issuer: CairnDID, _ name: String = "tools") -> StatusListID {
    guard let list = try? StatusListID(issuer: issuer, name: name) else { preconditionFailure("a list can have this name") }
    return list
  }

  /// The registrar's, who is an issuer too.
  var list: StatusListID { Self.list(of: registrar.did) }

  mutating func createList(_ name: String = "tools") throws {
    let list = Self.list(of: registrar.did, name)
    try append([transaction([.createStatusList(list, purpose: .suspension, network: network)], keys: [])])
  }

  mutating func update(_ name: String = "tools", set: [UInt32] = [], clear: [UInt32] = []) throws {
    let operation = try LedgerOperation.updateStatusList(Self.list(of: registrar.did, name), set: set, clear: clear, network: network)
    try append([transaction([operation], keys: [], nonce: UInt8(truncatingIfNeeded: blocks.count))])
  }
}

// The answers of an honest node about the past, found by looking at every version.
extension TestChain {
  func version(_ request: ProtoResolveRequest, at height: Int? = nil) throws -> ProtoProven {
    let did = try CairnDID(parsing: request.did)
    let state = (height.map { blocks[$0] } ?? newest).state
    var proven = try resolution(did, request.known, at: height)
    var resolution = try ProtoResolution(serializedBytes: proven.payload)
    if request.withRoles {
      proven.state.append(state.tree.proof(for: did.rolesKey).message)
      resolution.roles = Data(try state.record(forKey: did.rolesKey) ?? [])
    }
    if request.withIsolation {
      proven.state.append(state.tree.proof(for: did.isolationKey).message)
      resolution.isolation = Data(try state.record(forKey: did.isolationKey) ?? [])
    }
    guard let newest = try state.version(of: did)?.record else { return proven }
    let past = try inForce(did.stateKey, newest.earlier, newest: newest.bytes, in: state) { bytes in
      let record = try DIDRecord(decoding: bytes)
      return switch request.version {
      case nil: true
      case .versionID(let id): record.head.sequence <= id
      case .versionTimeMs(let time): record.updatedMilliseconds <= time
      }
    }
    if let version = past.version {
      resolution.version = version.message
      resolution.document = Data(try DIDRecord(decoding: version.record).documentJSON)
    } else if case .versionTimeMs(let time) = request.version, time < newest.createdMilliseconds {
      resolution.document = Data()
    }
    if let successor = past.successor { resolution.successor = successor.message }
    proven.payload = try resolution.serializedData()
    return proven
  }

  func status(_ request: ProtoStatusRequest, at height: Int? = nil) throws -> ProtoProven {
    var proven = try proven(request.known, at: height)
    let state = (height.map { blocks[$0] } ?? newest).state
    guard let list = try? StatusListID(parsing: request.list) else { throw NoTiles.Missing() }
    proven.state = [state.tree.proof(for: list.stateKey).message]
    guard let record = try state.record(forKey: list.stateKey) else { return proven }
    let chunk = StatusChunk.chunk(of: request.index)
    proven.state.append(state.tree.proof(for: list.chunkKey(chunk)).message)
    var answer = ProtoStatusAnswer()
    answer.list = Data(record)
    let moment: StatusMoment =
      switch request.at {
      case nil: .now
      case .atHeight(let height): .height(height)
      case .atMs(let milliseconds): .time(milliseconds: milliseconds)
      }
    answer.chunk = try self.chunk(list.chunkKey(chunk), at: moment, in: state)
    proven.payload = try answer.serializedData()
    return proven
  }

  /// Twenty-five chunks a page.
  func statusList(_ request: ProtoStatusListRequest, at height: Int? = nil) throws -> ProtoProven {
    var proven = try proven(request.known, at: height)
    let state = (height.map { blocks[$0] } ?? newest).state
    guard let list = try? StatusListID(parsing: request.list) else { throw NoTiles.Missing() }
    proven.state = [state.tree.proof(for: list.stateKey).message]
    guard let record = try state.record(forKey: list.stateKey) else { return proven }
    let count = try StatusListRecord(decoding: record).chunkCount
    let moment: StatusMoment =
      switch request.at {
      case nil: .now
      case .atHeight(let height): .height(height)
      case .atMs(let milliseconds): .time(milliseconds: milliseconds)
      }
    var page = ProtoStatusListPage()
    page.list = Data(record)
    page.firstChunk = request.firstChunk
    let end = min(count, request.firstChunk + 25)
    for chunk in request.firstChunk..<end {
      proven.state.append(state.tree.proof(for: list.chunkKey(chunk)).message)
      page.chunks.append(try self.chunk(list.chunkKey(chunk), at: moment, in: state))
    }
    page.nextChunk = end == count ? 0 : end
    proven.payload = try page.serializedData()
    return proven
  }

  private func chunk(_ key: Digest, at moment: StatusMoment, in state: LedgerState) throws -> ProtoChunkAnswer {
    var answer = ProtoChunkAnswer()
    guard let bytes = try state.record(forKey: key) else { return answer }
    answer.record = Data(bytes)
    let past = try inForce(key, StatusChunk(decoding: bytes).earlier, newest: bytes, in: state) { bytes in
      let chunk = try StatusChunk(decoding: bytes)
      return switch moment {
      case .now: true
      case .height(let height): chunk.updatedHeight <= height
      case .time(let time): chunk.updatedMilliseconds <= time
      }
    }
    if let version = past.version { answer.version = version.message }
    if let successor = past.successor { answer.successor = successor.message }
    return answer
  }

  private func inForce(
    _ key: Digest, _ earlier: LogFrontier, newest: [UInt8], in state: LedgerState, hadBegun: ([UInt8]) throws -> Bool
  ) throws -> (version: EarlierVersion?, successor: EarlierVersion?) {
    if try hadBegun(newest) { return (nil, nil) }
    let versions = try (0..<earlier.size).map { try state.earlierVersion($0, forKey: key, of: earlier) }
    let count = try versions.prefix { try hadBegun($0.record) }.count
    return (count > 0 ? versions[count - 1] : nil, count < versions.count ? versions[count] : nil)
  }
}
