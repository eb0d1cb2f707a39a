import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct SessionTests {
  private var world = World()

  private func session(_ number: Int, controller: CairnDID? = World.registrar) throws -> SessionDID {
    try SessionDID(
      control: Control(update: key(number).publicKey, next: key(number + 1).publicKey, controller: controller), document: document(number),
      salt: sixteen(number), network: world.network)
  }

  /// Anchors the sessions in the next block.
  private mutating func anchor(_ batch: SessionBatch) throws -> StatusListRecord {
    let operation = try LedgerOperation.createSessionBatch(
      controller: World.registrar, root: batch.root, count: batch.count, expiresMilliseconds: world.state.timeMilliseconds + 3_600_000,
      salt: sixteen(9), network: world.network)
    try world.commit(world.transaction([operation]))
    return try StatusListRecord(decoding: #require(try world.state.record(forKey: operation.stateKey)))
  }

  @Test("Each DID of a batch is shown with its creation and path", arguments: [1, 2, 3, 7, 64]) mutating func presentation(
    count: Int
  ) throws {
    let sessions = try (0..<count).map { try session(100 + 2 * $0) }
    let batch = try #require(SessionBatch(sessions.map(\.createBytes)))
    let record = try anchor(batch)
    #expect(record.length == UInt32(count))
    for (index, session) in sessions.enumerated() {
      let shown = try #require(batch.presentation(of: session.createBytes, at: UInt32(index), in: record.list))
      #expect(shown.bytes.count <= SessionPresentation.byteLimit)
      let identity = try SessionPresentation(decoding: shown.bytes).verify(against: record, network: world.network)
      #expect(identity.did == session.did)
      #expect(identity.document == document(100 + 2 * index).json(did: session.did, controller: World.registrar))
      #expect(identity.expiresMilliseconds == record.sessions?.expiresMilliseconds)
    }
    #expect(batch.presentation(of: [], at: UInt32(count), in: record.list) == nil)
  }

  @Test("What is not in the batch, or not as the batch has it, is refused") mutating func refusals() throws {
    let sessions =
      try (0..<5).map { try session(100 + 2 * $0) } + [try session(300, controller: World.trustee), try session(302, controller: nil)]
    let batch = try #require(SessionBatch(sessions.map(\.createBytes) + [[0xff]]))
    let record = try anchor(batch)
    func error(_ shown: SessionPresentation, _ record: StatusListRecord) -> SessionError? {
      do throws(SessionError) {
        _ = try shown.verify(against: record, network: world.network)
        return nil
      } catch { return error }
    }
    let good = try #require(batch.presentation(of: sessions[2].createBytes, at: 2, in: record.list))
    #expect(error(good, record) == nil)
    let other = SessionPresentation(batch: good.batch, index: 3, create: good.create, path: good.path)
    #expect(error(other, record) == .notInBatch)
    #expect(error(SessionPresentation(batch: good.batch, index: 8, create: good.create, path: good.path), record) == .indexOutOfRange)
    #expect(
      error(SessionPresentation(batch: good.batch, index: 2, create: sessions[1].createBytes, path: good.path), record) == .notInBatch)
    #expect(error(SessionPresentation(batch: good.batch, index: 2, create: good.create, path: []), record) == .notInBatch)
    for (index, expected) in [(5, SessionError.otherController), (6, .otherController), (7, .malformed)] {
      let create = index < 7 ? sessions[index].createBytes : [0xff]
      #expect(error(try #require(batch.presentation(of: create, at: UInt32(index), in: record.list)), record) == expected)
    }
    let second = try anchor(try #require(SessionBatch(sessions.dropLast().map(\.createBytes))))
    #expect(error(good, second) == .otherBatch)
    let list = StatusListRecord(
      record.list, purpose: .revocation, length: record.length, revokers: [], createdMilliseconds: 0, createdHeight: 0)
    #expect(error(good, list) == .notSessions)
  }

  @Test("A session with a key that is no point of the curve is refused") mutating func badKey() throws {
    var create = try ProtoDidCreate(serializedBytes: session(100).createBytes)
    create.control.update[0].publicKey = Data([1] + [UInt8](repeating: 0, count: 31))
    let bytes = Canonical.encode(create)
    let batch = try #require(SessionBatch([bytes]))
    let record = try anchor(batch)
    let shown = try #require(batch.presentation(of: bytes, at: 0, in: record.list))
    #expect(throws: SessionError.creation(.control(.invalidKey(.update)))) { try shown.verify(against: record, network: world.network) }
  }

  @Test("Presentations are decoded strictly") mutating func decoding() throws {
    let session = try session(100)
    let batch = try #require(SessionBatch([session.createBytes]))
    let shown = try #require(batch.presentation(of: session.createBytes, at: 0, in: try anchor(batch).list))
    #expect(try SessionPresentation(decoding: shown.bytes) == shown)
    let plain = ProtoSessionPresentation.with {
      $0.batch = "\(World.registrar)/status/payroll"
      $0.create = Data(session.createBytes)
    }
    for bytes in [[], shown.bytes + [0], [UInt8](repeating: 0, count: SessionPresentation.byteLimit + 1), Canonical.encode(plain)] {
      #expect(throws: SessionError.malformed) { try SessionPresentation(decoding: bytes) }
    }
  }

  @Test("One batch covers a million DIDs") mutating func million() throws {
    let session = try session(100)
    var leaves = (0..<1_000_000).map { Digest.sha256(sixteen($0)) }
    leaves[777_777] = LogTree.leafHash(session.createBytes)
    let batch = try #require(SessionBatch(leafHashes: leaves))
    let record = try anchor(batch)
    #expect(record.length == 1_000_000 && record.chunkCount == 489)
    let shown = try #require(batch.presentation(of: session.createBytes, at: 777_777, in: record.list))
    #expect(shown.path.count == 20)
    #expect(try shown.verify(against: record, network: world.network).did == session.did)
    try world.commit(
      world.transaction([.updateStatusList(record.list, set: [777_777], network: world.network)], nonce: 77))
    let chunk = try StatusChunk(
      decoding: #require(try world.state.record(forKey: record.list.chunkKey(StatusChunk.chunk(of: 777_777)))))
    #expect(chunk[StatusChunk.position(of: 777_777)])
  }

  @Test("A batch has at least one DID") func empty() {
    #expect(SessionBatch([]) == nil)
  }
}
