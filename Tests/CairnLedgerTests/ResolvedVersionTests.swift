import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct ResolvedVersionTests {
  private var world = World()

  /// Six versions in blocks 2, 3, 3, 5, 6 and 7: two of one block, and a block without any.
  private mutating func subject() throws -> CairnDID {
    try world.commit()
    let did = try world.enroll(30)
    func update(_ number: Int, after head: DIDHead) throws -> LedgerOperation {
      try .update(did, after: head, document: document(number), network: World.network)
    }
    let first = try update(31, after: world.head(did))
    try world.commit(world.transaction([first, update(32, after: first.head)], by: did, signers: [30]))
    try world.commit()
    for number in 33...35 {
      try world.commit(world.transaction([update(number, after: world.head(did))], by: did, signers: [30], nonce: number))
    }
    return did
  }

  private func verify(
    _ did: CairnDID, _ selector: VersionSelector, _ change: (inout ProtoResolution) throws -> Void = { _ in }
  ) throws -> VersionOutcome {
    var resolution = try world.state.resolution(of: did, at: selector)
    try change(&resolution)
    return try ResolvedVersion.verify(did, at: selector, stateValue: try #require(world.state.tree[did.stateKey]), resolution)
  }

  private func version(_ did: CairnDID, _ selector: VersionSelector) throws -> ResolvedVersion? {
    if case .found(let version) = try verify(did, selector) { version } else { nil }
  }

  @Test("Every version is proven by its number, with its document and when it ended") mutating func byNumber() throws {
    let did = try subject()
    let time = { (height: UInt64) in World.genesis.timeMilliseconds + 1_000 * height }
    let updated = [2, 3, 3, 5, 6, 7].map(time)
    for id in 0...5 {
      let version = try #require(try version(did, .id(UInt64(id))))
      #expect(version.versionID == UInt64(id))
      #expect(version.document == document(30 + id).json(did: did, controller: nil))
      #expect(version.updatedMilliseconds == updated[id])
      #expect(version.nextUpdatedMilliseconds == (id < 5 ? updated[id + 1] : nil))
      #expect(version.isNewest == (id == 5))
      #expect((version.asNewest == nil) == (id < 5))
      #expect(version.newest.head.sequence == 5)
    }
    #expect(try version(did, .newest)?.versionID == 5)
    #expect(throws: ResolutionError.version(.wrongVersion)) { try verify(did, .id(6)) }
  }

  @Test("At every time the version is proven that was in force") mutating func byTime() throws {
    let did = try subject()
    let expected: [UInt64?] = [nil, nil, 0, 2, 2, 3, 4, 5, 5]
    for (height, id) in expected.enumerated() {
      for offset in [UInt64(0), 1, 999] {
        let time = World.genesis.timeMilliseconds + 1_000 * UInt64(height) + offset
        #expect(try version(did, .time(milliseconds: time))?.versionID == id)
      }
    }
    #expect(try version(did, .time(milliseconds: .max))?.isNewest == true)
    let created = World.genesis.timeMilliseconds + 2_000
    #expect(try verify(did, .time(milliseconds: created - 1)) == .notYetCreated(createdMilliseconds: created))
    #expect(try verify(did, .time(milliseconds: 0)) == .notYetCreated(createdMilliseconds: created))
  }

  @Test("A DID with one version did not exist before it") mutating func single() throws {
    let did = try world.enroll(30)
    let created = world.state.timeMilliseconds
    #expect(try verify(did, .time(milliseconds: created - 1)) == .notYetCreated(createdMilliseconds: created))
    #expect(try version(did, .time(milliseconds: created))?.versionID == 0)
  }

  @Test("A deactivated DID was active before") mutating func deactivated() throws {
    let did = try world.enroll(30)
    let before = world.state.timeMilliseconds
    try world.commit(world.transaction([.deactivate(did, after: world.head(did), network: world.network)], by: did, signers: [30]))
    #expect(try version(did, .time(milliseconds: before))?.isDeactivated == false)
    #expect(try version(did, .id(0))?.newest.isDeactivated == true)
    let after = try #require(try version(did, .time(milliseconds: world.state.timeMilliseconds)))
    #expect(after.isDeactivated && after.asNewest?.isDeactivated == true)
  }

  @Test("Nothing else is believed") mutating func lies() throws {
    let did = try subject()
    let other = try world.enroll(60)
    func refusal(_ selector: VersionSelector, _ change: (inout ProtoResolution) throws -> Void) throws -> ResolutionError? {
      do {
        _ = try verify(did, selector, change)
        return nil
      } catch let error as ResolutionError { return error }
    }
    let third = VersionSelector.time(milliseconds: World.genesis.timeMilliseconds + 5_500)
    for selector in [VersionSelector.id(3), third] {
      #expect(try refusal(selector) { _ in } == nil)
      #expect(try refusal(selector) { $0.document = Data(document(30).json(did: did, controller: nil)) } == .documentHash)
      #expect(try refusal(selector) { $0.clearSuccessor() } == .version(.wrongSuccessor))
      #expect(try refusal(selector) { $0.version.path[0][0] ^= 1 } == .version(.notCommitted))
      #expect(try refusal(selector) { $0.successor.path[0].removeLast() } == .version(.notCommitted))
      #expect(try refusal(selector) { $0.version.record = Data([1]) } == .record(.encoding(.malformed)))
      #expect(try refusal(selector) { $0.record.removeLast() } == .recordHash)
      let stranger = Data(try world.record(other).bytes)
      #expect(try refusal(selector) { $0.version.record = stranger } == .wrongDID)
    }
    let others = try world.state.resolution(of: did, at: .id(2))
    for (selector, reason) in [(VersionSelector.id(3), VersionError.wrongVersion), (third, .wrongMoment)] {
      #expect(try refusal(selector) { $0 = others } == .version(reason))
    }
    let newest = try world.state.resolution(of: did, at: .newest)
    #expect(try refusal(.id(3)) { $0 = newest } == .version(.wrongVersion))
    #expect(try refusal(third) { $0 = newest } == .version(.wrongSuccessor))
    #expect(try refusal(.newest) { $0 = others } == .version(.wrongVersion))
    #expect(try refusal(.time(milliseconds: 0)) { $0.document = newest.document } == .documentHash)
    #expect(try refusal(.time(milliseconds: 0)) { $0.clearSuccessor() } == .version(.wrongSuccessor))
  }

  @Test("Roles are what the state commits to, or proven absent") func roles() throws {
    let (key, bytes) = (World.registrar.rolesKey, try world.state.roles(of: World.registrar).bytes)
    let value = try #require(world.state.tree[key])
    #expect(try Roles(stateValue: value, record: bytes).contains(.issuer))
    #expect(try Roles(stateValue: nil, record: []) == .none)
    #expect(throws: ResolutionError.recordHash) { try Roles(stateValue: value, record: Roles([.trustee]).bytes) }
    #expect(throws: ResolutionError.recordHash) { try Roles(stateValue: nil, record: bytes) }
    let other = try #require(world.state.tree[World.registrar.stateKey])
    #expect(throws: ResolutionError.wrongType) { try Roles(stateValue: other, record: bytes) }
    #expect(throws: ResolutionError.stateValue(.encoding(.malformed))) { try Roles(stateValue: [1], record: bytes) }
  }
}
