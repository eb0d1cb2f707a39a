import CairnChain
import CairnClient
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import SwiftProtobuf
import Testing

@Suite("Versions and roles", .timeLimit(.minutes(1)))
struct VersionTests {
  /// Alice in five versions, the newest in the newest block.
  private func fixture() async throws -> (Fixture, times: [UInt64]) {
    let test = try await Fixture.start()
    var times = [TestChain.startMilliseconds + TestChain.blockMilliseconds]
    for version in 1...4 {
      try test.shared.change { try $0.update(test.alice, of: "alice", to: "version\(version)") }
      times.append(test.shared.chain.newest.header.timeMilliseconds)
    }
    test.clock.set(unixMilliseconds: times[4])
    return (test, times)
  }

  @Test("A version is found by its number and by its time") func versions() async throws {
    let (test, times) = try await fixture()
    let client = try test.client()
    for id in 0...4 {
      let alias = id == 0 ? "alice" : "version\(id)"
      for selector in [VersionSelector.id(UInt64(id)), .time(milliseconds: times[id])] {
        let version = try await client.resolve(test.alice, version: selector)
        #expect(version.versionID == UInt64(id) && version.isNewest == (id == 4))
        #expect(version.document == TestChain.document(alias).json(did: test.alice, controller: nil))
        #expect(version.nextUpdatedMilliseconds == (id < 4 ? times[id + 1] : nil))
      }
    }
    #expect(try await client.resolve(test.alice.description, version: .newest).versionID == 4)
    #expect(try await client.resolve(test.alice, version: .time(milliseconds: .max)).isNewest)
    await test.stop(client)
  }

  @Test("What did not exist, or does not, is proven so; what was deactivated is told by its time") func absent() async throws {
    let (test, times) = try await fixture()
    let client = try test.client()
    let early = await failure { () async throws(CairnError) in
      try await client.resolve(test.alice, version: .time(milliseconds: times[0] - 1))
    }
    guard case .notYetCreated(test.alice, createdMilliseconds: times[0], _) = early else {
      Issue.record("unexpected \(String(describing: early))")
      return
    }
    let carol = try test.shared.chain.creation("carol").subject
    #expect(await failure { () async throws(CairnError) in try await client.resolve(carol, version: .id(0)) }?.reason == "not_found")
    let foreign = try TestChain(name: "other").registrar.did
    #expect(await failure { () async throws(CairnError) in try await client.roles(of: foreign) } == .foreignDID(foreign))
    try test.shared.change { chain in
      guard let head = try chain.record(of: test.alice)?.head else { return }
      try chain.append([chain.transaction([.deactivate(test.alice, after: head, network: chain.network)], keys: ["alice"])])
    }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    #expect(try await client.resolve(test.alice, version: .id(4)).newest.isDeactivated)
    let gone = await failure { () async throws(CairnError) in try await client.resolve(test.alice, version: .id(5)) }
    #expect(gone?.reason == "deactivated")
    #expect(await failure { () async throws(CairnError) in try await client.roles(of: test.alice) }?.reason == "deactivated")
    await test.stop(client)
  }

  @Test("Roles are proven, and so is that there are none") func roles() async throws {
    let (test, _) = try await fixture()
    let client = try test.client()
    let registrar = test.shared.chain.registrar.did
    #expect(try await client.roles(of: registrar).roles.roles == [.registrar, .issuer])
    #expect(try await client.roles(of: test.alice).roles.roles == [])
    let carol = try test.shared.chain.creation("carol").subject
    #expect(await failure { () async throws(CairnError) in try await client.roles(of: carol) }?.reason == "not_found")
    let lies: [(String, @Sendable (inout ProtoProven) throws -> Void)] = [
      ("record_hash_mismatch", { try $0.changeResolution { $0.roles = Data(Roles([.trustee, .registrar]).bytes) } }),
      ("record_hash_mismatch", { try $0.changeResolution { $0.roles = Data() } }), ("missing_proof", { $0.state.removeLast() }),
      ("bad_proof", { $0.state[1] = $0.state[0] }),
    ]
    for (reason, lie) in lies {
      test.node.behave(.lie(lie))
      #expect(await failure { () async throws(CairnError) in try await client.roles(of: registrar) }?.endpointReasons == [reason])
    }
    await test.stop(client)
  }

  @Test("An isolation is proven with any version, and cannot be hidden") func isolation() async throws {
    let (test, _) = try await fixture()
    let client = try test.client()
    let open = try await client.resolution(of: test.alice, at: .newest)
    #expect(open.isolation == nil && !open.isIsolated)
    try test.shared.change { try $0.isolate(test.alice, reason: "stolen key") }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    let guardian = test.shared.chain.guardian.did
    for selector in [VersionSelector.newest, .id(0)] {
      let answer = try await client.resolution(of: test.alice, at: selector)
      #expect(answer.isIsolated && answer.isolation?.reason == "stolen key" && answer.isolation?.by == guardian)
    }
    #expect(try await client.roles(of: test.alice).isIsolated)
    let lies: [(String, @Sendable (inout ProtoProven) throws -> Void)] = [
      ("record_hash_mismatch", { try $0.changeResolution { $0.isolation = Data() } }), ("missing_proof", { $0.state.removeLast() }),
      ("bad_proof", { $0.state[1] = $0.state[0] }),
      (
        "record_hash_mismatch",
        { proven in
          try proven.changeResolution { resolution in
            var record = try ProtoIsolationRecord(serializedBytes: resolution.isolation)
            record.untilMs = 1
            resolution.isolation = try record.serializedData()
          }
        }
      ),
    ]
    for (reason, lie) in lies {
      test.node.behave(.lie(lie))
      let error = await failure { () async throws(CairnError) in try await client.resolution(of: test.alice, at: .newest) }
      #expect(error?.endpointReasons == [reason])
    }
    test.node.behave { _ in .honest }
    try test.shared.change { try $0.release(test.alice) }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    let released = try await client.resolution(of: test.alice, at: .newest)
    #expect(!released.isIsolated && released.isolation?.release?.by == guardian)
    await test.stop(client)
  }

  @Test("Another version than the one that was in force is never believed") func lies() async throws {
    let (test, times) = try await fixture()
    let client = try test.client()
    let chain = test.shared.chain
    func answer(_ selector: VersionSelector) throws -> Data {
      var request = ProtoResolveRequest()
      request.did = test.alice.description
      switch selector {
      case .newest: break
      case .id(let id): request.versionID = id
      case .time(let time): request.versionTimeMs = time
      }
      return try chain.version(request).payload
    }
    let (older, newest) = (try answer(.id(1)), try answer(.newest))
    let selectors = [VersionSelector.id(2), .time(milliseconds: times[2] + 1)]
    let lies: [([String], @Sendable (inout ProtoProven) throws -> Void)] = [
      (["other_version", "version_of_other_moment"], { $0.payload = older }),
      (["other_version", "version_successor_missing"], { $0.payload = newest }),
      (["version_successor_missing"], { try $0.changeResolution { $0.clearSuccessor() } }),
      (["version_successor_missing"], { try $0.changeResolution { $0.successor = $0.version } }),
      (["version_not_committed"], { try $0.changeResolution { $0.version.path[0][0] ^= 1 } }),
      (["version_not_committed"], { try $0.changeResolution { $0.successor.index += 1 } }),
      (["document_hash_mismatch"], { try $0.changeResolution { $0.document.append(0x20) } }),
      (["record_hash_mismatch"], { try $0.changeResolution { $0.record = $0.version.record } }),
      (["missing_proof"], { $0.state.append($0.state[0]) }),
    ]
    for (reasons, lie) in lies {
      test.node.behave(.lie(lie))
      for (selector, reason) in zip(selectors, reasons + reasons) {
        let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice, version: selector) }
        #expect(error?.endpointReasons == [reason])
      }
    }
    // An old header knows of no newer version.
    test.node.behave { _, _ in .honest }
    _ = try await client.checkpoint()
    test.node.stay(at: chain.blocks.count - 2)
    let stale = await failure { () async throws(CairnError) in try await client.resolve(test.alice, version: .time(milliseconds: .max)) }
    #expect(stale?.endpointReasons == ["went_back"])
    await test.stop(client)
  }
}

extension ProtoProven {
  mutating func changeResolution(_ change: (inout ProtoResolution) throws -> Void) throws {
    var resolution = try ProtoResolution(serializedBytes: payload)
    try change(&resolution)
    payload = try resolution.serializedData()
  }

  mutating func changeStatus(_ change: (inout ProtoStatusAnswer) throws -> Void) throws {
    var answer = try ProtoStatusAnswer(serializedBytes: payload)
    try change(&answer)
    payload = try answer.serializedData()
  }
}
