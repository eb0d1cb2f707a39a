import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import Testing

@testable import CairnLedger

@Suite struct ResolvedDIDTests {
  private var world = World()

  @Test("What the state commits to resolves, with its proof") mutating func resolution() throws {
    let did = try world.enroll(30)
    let record = try world.record(did)
    let proof = world.state.tree.proof(for: did.stateKey)
    let value = try #require(try proof.verify(key: did.stateKey, root: world.state.header.stateRoot))
    let resolved = try ResolvedDID(did, stateValue: value, record: record.bytes, document: record.documentJSON)
    #expect(resolved.document == document(30).json(did: did, controller: nil))
    #expect(resolved.versionID == 0 && !resolved.isDeactivated && resolved.changedAt == 1)
    #expect(resolved.createdMilliseconds == world.state.timeMilliseconds)
    #expect(resolved.updatedMilliseconds == world.state.timeMilliseconds)
  }

  @Test("A deactivated DID resolves as such") mutating func deactivated() throws {
    let did = try world.enroll(30)
    try world.commit(world.transaction([.deactivate(did, after: world.head(did), network: world.network)], by: did, signers: [30]))
    let record = try world.record(did)
    let value = try #require(world.state.tree[did.stateKey])
    #expect(try ResolvedDID(did, stateValue: value, record: record.bytes, document: record.documentJSON).isDeactivated)
  }

  @Test("Nothing else is believed") mutating func lies() throws {
    let (did, other) = (try world.enroll(30), try world.enroll(40))
    let record = try world.record(did)
    let value = try #require(world.state.tree[did.stateKey])
    func refusal(_ did: CairnDID, _ value: [UInt8], _ record: [UInt8], _ document: [UInt8]) -> ResolutionError? {
      do {
        _ = try ResolvedDID(did, stateValue: value, record: record, document: document)
        return nil
      } catch { return error }
    }
    func row(for record: [UInt8], type: StateType = .did, isTombstone: Bool = false) -> [UInt8] {
      StateValue(type: type, changedAt: 1, recordHash: .sha256(record), isTombstone: isTombstone).bytes
    }
    let (bytes, json) = (record.bytes, record.documentJSON)
    #expect(refusal(did, value, bytes, json) == nil)
    #expect(refusal(other, value, bytes, json) == .wrongDID)
    #expect(refusal(did, value, bytes, json + [0x20]) == .documentHash)
    #expect(refusal(did, value, try world.record(other).bytes, json) == .recordHash)
    #expect(refusal(did, row(for: bytes, type: .roles), bytes, json) == .wrongType)
    #expect(refusal(did, row(for: bytes, isTombstone: true), bytes, json) == .tombstone)
    #expect(refusal(did, row(for: [1]), [1], json) == .record(.encoding(.malformed)))
    #expect(refusal(did, [1], bytes, json) == .stateValue(.encoding(.malformed)))
  }
}
