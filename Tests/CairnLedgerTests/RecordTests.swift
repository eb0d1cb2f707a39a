import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct RecordTests {
  private var world = World()

  @Test("A DID's record is the canonical Protobuf of what it says, through its whole life") mutating func didRecord() throws {
    let did = try world.enroll(30, controller: World.trustee)
    try expectCanonical(did)
    let update = try LedgerOperation.update(did, after: world.head(did), document: DIDDocument(), network: world.network)
    try world.commit(world.transaction([update], signers: [1, 30]))
    try expectCanonical(did)
    let deactivate = try LedgerOperation.deactivate(did, after: update.head, network: world.network)
    try world.commit(world.transaction([deactivate], signers: [1, 30]))
    try expectCanonical(did)
  }

  private func expectCanonical(_ did: CairnDID, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let record = try world.record(did)
    let message = ProtoDidRecord.with {
      $0.did = record.did.description
      $0.sequence = record.head.sequence
      $0.head = Data(record.head.hash.bytes)
      $0.control = record.control.message
      $0.documentHash = Data(record.documentHash.bytes)
      $0.deactivated = record.isDeactivated
      $0.createdMs = record.createdMilliseconds
      $0.updatedMs = record.updatedMilliseconds
      $0.previousChange = record.previousChange
      $0.document = record.document.message
      $0.earlier = Data(record.earlier.peaks.flatMap(\.bytes))
      $0.keysChangedMs = record.keysChangedMilliseconds
    }
    #expect(record.earlier.size == record.head.sequence, sourceLocation: sourceLocation)
    #expect(record.bytes == Canonical.encode(message), sourceLocation: sourceLocation)
    #expect(try DIDRecord(decoding: record.bytes) == record, sourceLocation: sourceLocation)
  }

  @Test("A record with a field missing or wrong is refused") func badRecord() throws {
    let good = try ProtoDidRecord(serializedBytes: try world.record(World.trustee).bytes)
    func error(_ change: (inout ProtoDidRecord) -> Void) -> RecordError? {
      var changed = good
      change(&changed)
      do {
        _ = try DIDRecord(decoding: Canonical.encode(changed))
        return nil
      } catch { return error }
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.did = "did:cairn:x" } == .field("did"))
    #expect(error { $0.head = Data() } == .field("head"))
    #expect(error { $0.clearControl() } == .field("control"))
    #expect(error { $0.control.updateThreshold = 9 } == .field("control"))
    #expect(error { $0.clearDocument() } == .field("document"))
    #expect(error { $0.earlier = Data(count: 32) } == .field("earlier"))
    #expect(error { $0.sequence = .max } == .field("earlier"))
    #expect(error { $0.documentHash = Data(count: 33) } == .field("document_hash"))
    #expect(throws: RecordError.encoding(.notCanonical)) { try DIDRecord(decoding: Canonical.encode(good) + [0x78, 1]) }
  }

  @Test("A state value is the canonical Protobuf of what it says", arguments: StateType.allCases, [0, 1, 127, 128, 1 << 62] as [UInt64])
  func stateValue(type: StateType, changedAt: UInt64) throws {
    for isTombstone in [false, true] {
      let value = StateValue(type: type, changedAt: changedAt, recordHash: .sha256([1]), isTombstone: isTombstone)
      let message = ProtoStateValue.with {
        $0.type = ProtoStateType(rawValue: Int(type.rawValue)) ?? .unspecified
        $0.changedAt = changedAt
        $0.recordHash = Data(Digest.sha256([1]).bytes)
        $0.flags = isTombstone ? 1 : 0
      }
      #expect(value.bytes == Canonical.encode(message))
      #expect(value.bytes.count <= StateTree.valueLimit)
      #expect(try StateValue(decoding: value.bytes) == value)
    }
  }

  @Test("A state value with an unknown type or flag, or without hash, is refused") func badStateValue() {
    func error(_ change: (inout ProtoStateValue) -> Void) -> RecordError? {
      var message = ProtoStateValue.with {
        $0.type = .did
        $0.recordHash = Data(count: 32)
      }
      change(&message)
      do {
        _ = try StateValue(decoding: Canonical.encode(message))
        return nil
      } catch { return error }
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.type = .unspecified } == .field("type"))
    #expect(error { $0.type = .UNRECOGNIZED(260) } == .field("type"))
    #expect(error { $0.flags = 2 } == .field("flags"))
    #expect(error { $0.recordHash = Data() } == .field("record_hash"))
    #expect(error { $0.recordHash = Data(count: 257) } == .encoding(.tooLong(limit: 256, actual: 262)))
  }

  @Test("The key of a row is a hash of its type and DID") func stateKeys() {
    let did = World.registrar
    #expect(did.stateKey == .sha256(Array("cairn/state/v1\u{0}\u{1}\(did)".utf8)))
    #expect(did.rolesKey == .sha256(Array("cairn/state/v1\u{0}\u{2}\(did)".utf8)))
    #expect(Parameters.stateKey == .sha256(Array("cairn/state/v1\u{0}\u{3}".utf8)))
  }

  @Test("Roles are ascending and each there once") func roles() throws {
    let roles = Roles([.guardian, .trustee, .registrar, .trustee])
    #expect(roles.roles == [.trustee, .registrar, .guardian])
    #expect(try Roles(decoding: roles.bytes) == roles)
    #expect(roles.contains(.guardian) && !roles.contains(.author))
    for bad: [ProtoRole] in [[.registrar, .trustee], [.trustee, .trustee], [.unspecified], [.UNRECOGNIZED(8)]] {
      let bytes = Canonical.encode(ProtoRolesRecord.with { $0.roles = bad })
      #expect(throws: RecordError.field("roles")) { try Roles(decoding: bytes) }
    }
    #expect(Role.allCases.allSatisfy { Role(name: $0.name) == $0 })
    #expect(Role.operator.name == "operator")
    #expect(Role(name: "Operator") == nil)
  }

  @Test("Parameters are read as they were written") func parameters() throws {
    let parameters = Parameters(
      maxBlockBytes: 70_000, maxTransactionBytes: 9_000, maxValidityBlocks: 3, heartbeatMilliseconds: 4, trusteeThreshold: 5)
    #expect(try Parameters(decoding: parameters.bytes) == parameters)
  }
}
