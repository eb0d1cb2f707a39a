import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import SwiftProtobuf
import Testing

@Suite("Statuses", .timeLimit(.minutes(1)))
struct StatusTests {
  /// A list made in block 4; bit 5 set in block 5 and cleared in block 6; bits 6 and 100,000 set in block 7.
  private func fixture() async throws -> Fixture {
    let test = try await Fixture.start()
    try test.shared.change { chain in
      try chain.createList()
      try chain.update(set: [5])
      try chain.update(clear: [5])
      try chain.update(set: [6, 100_000])
    }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    return test
  }

  private func time(_ height: UInt64) -> UInt64 { TestChain.startMilliseconds + height * TestChain.blockMilliseconds }

  @Test("A bit is proven now, and at every height and time before") func moments() async throws {
    let test = try await fixture()
    let (client, list) = (try test.client(), test.shared.chain.list)
    for (height, expected) in zip(UInt64(4)..., [false, true, false, false]) {
      #expect(try await client.status(of: 5, in: list, at: .height(height)).isSet == expected)
      #expect(try await client.status(of: 5, in: list, at: .time(milliseconds: time(height))).isSet == expected)
      #expect(try await client.status(of: 5, in: list, at: .time(milliseconds: time(height) + 999)).isSet == expected)
    }
    let status = try await client.status(of: 6, in: list)
    #expect(status.isSet && status.status.since.height == 7 && status.status.until == nil && status.status.list.purpose == .suspension)
    #expect(try await !client.status(of: 4_000, in: list).isSet)
    #expect(try await client.status(of: 5, in: list, at: .height(5)).status.until?.height == 6)
    await test.stop(client)
  }

  @Test("A list that does not exist, or did not yet, is proven so") func absent() async throws {
    let test = try await fixture()
    let (client, list) = (try test.client(), test.shared.chain.list)
    let other = TestChain.list(of: test.alice)
    for moment in [StatusMoment.now, .height(5)] {
      let one = await failure { () async throws(CairnError) in try await client.status(of: 5, in: other, at: moment) }
      let all = await failure { () async throws(CairnError) in try await client.statusList(other, at: moment) }
      #expect(one?.reason == "unknown_status_list" && all?.reason == "unknown_status_list")
    }
    for moment in [StatusMoment.height(3), .time(milliseconds: time(4) - 1)] {
      let one = await failure { () async throws(CairnError) in try await client.status(of: 5, in: list, at: moment) }
      let all = await failure { () async throws(CairnError) in try await client.statusList(list, at: moment) }
      #expect(one?.reason == "status_list_not_yet_created" && all?.reason == "status_list_not_yet_created")
    }
    let foreign = try TestChain(name: "other").list
    #expect(await failure { () async throws(CairnError) in try await client.status(of: 5, in: foreign) } == .foreignStatusList(foreign))
    #expect(test.node.count(.status) == 4)
    await test.stop(client)
  }

  @Test("A whole list is of one moment, over as many pages as it takes") func wholeList() async throws {
    let test = try await fixture()
    let (client, list) = (try test.client(), test.shared.chain.list)
    #expect(try await client.statusList(list).bits.setIndices == [6, 100_000])
    #expect(test.node.count(.statusList) == 3)
    #expect(try await client.statusList(list, at: .height(5)).bits.setIndices == [5])
    #expect(try await client.statusList(list, at: .time(milliseconds: time(4))).bits.setIndices == [])
    // Between the pages, the list changes.
    let shared = test.shared
    test.node.behave { method, count in
      if method == .statusList { try? shared.change { try $0.update(set: [UInt32(count), 130_000]) } }
      return .honest
    }
    let resolution = try await client.statusList(list)
    #expect(resolution.bits.setIndices == [6, 9, 100_000, 130_000])
    #expect(resolution.header.header.height == 8)
    await test.stop(client)
  }

  @Test("A status is never believed that is not the one of the moment") func lies() async throws {
    let test = try await fixture()
    let (client, list) = (try test.client(), test.shared.chain.list)
    let chain = test.shared.chain
    func answer(_ moment: UInt64?, _ name: StatusListID? = nil, index: UInt32 = 5) throws -> ProtoProven {
      var request = ProtoStatusRequest()
      (request.list, request.index) = ((name ?? list).description, index)
      if let moment { request.atHeight = moment }
      return try chain.status(request)
    }
    let answers = try (4...7).map { try answer($0) }
    let (now, elsewhere) = (try answer(nil), try answer(nil, index: 100_000))
    // One whose absence the list's own row does not happen to prove.
    let absent = try #require(
      try (0..<32).map { try answer(nil, TestChain.list(of: test.alice, "none-\($0)")) }
        .first { $0.state[0].key != Data(list.stateKey.bytes) })
    let lies: [(String, StatusMoment, @Sendable (inout ProtoProven) throws -> Void)] = [
      // The bit is flipped, in the newest chunk or in an old one.
      ("record_hash_mismatch", .now, { try $0.changeStatus { try $0.chunk.changeRecord { $0.bits[0] ^= 4 } } }),
      ("version_not_committed", .height(5), { try $0.changeStatus { try $0.chunk.changeVersion { $0.bits[0] ^= 4 } } }),
      // A newer version is withheld.
      (
        "record_hash_mismatch", .now,
        { try $0.changeStatus { $0.chunk.record = try ProtoStatusAnswer(serializedBytes: answers[1].payload).chunk.version.record } }
      ),
      ("version_of_other_moment", .height(7), { $0.payload = answers[2].payload }),
      ("version_successor_missing", .height(5), { $0.payload = now.payload }),
      // Of another moment.
      ("version_of_other_moment", .height(5), { $0.payload = answers[0].payload }),
      ("version_of_other_moment", .height(5), { $0.payload = answers[2].payload }),
      ("version_of_other_moment", .now, { $0.payload = answers[1].payload }),
      // Without or with another successor.
      ("version_successor_missing", .height(5), { try $0.changeStatus { $0.chunk.clearSuccessor() } }),
      ("version_not_committed", .height(5), { try $0.changeStatus { $0.chunk.successor.path[0][0] ^= 1 } }),
      // Another chunk, another list, or none.
      ("bad_proof", .now, { ($0.state, $0.payload) = (elsewhere.state, elsewhere.payload) }),
      ("record_hash_mismatch", .now, { $0.payload = elsewhere.payload }),
      ("bad_proof", .now, { ($0.state, $0.payload) = (absent.state, absent.payload) }),
      ("missing_proof", .now, { $0.state.removeLast() }), ("missing_proof", .now, { $0.state = [] }),
      ("record_hash_mismatch", .now, { $0.payload = Data() }), ("malformed_answer", .now, { $0.payload = Data([0xff]) }),
    ]
    for (reason, moment, lie) in lies {
      test.node.behave(.lie(lie), on: .status)
      let error = await failure { () async throws(CairnError) in try await client.status(of: 5, in: list, at: moment) }
      #expect(error?.endpointReasons == [reason])
    }
    await test.stop(client)
  }

  @Test("An older or stale header proves no status of now") func stale() async throws {
    let test = try await fixture()
    let (client, list) = (try test.client(), test.shared.chain.list)
    _ = try await client.checkpoint()
    test.node.stay(at: 5)
    #expect(await failure { () async throws(CairnError) in try await client.status(of: 5, in: list) }?.endpointReasons == ["went_back"])
    test.node.stay(at: nil)
    test.clock.advance(milliseconds: 15_001)
    #expect(await failure { () async throws(CairnError) in try await client.status(of: 5, in: list) }?.endpointReasons == ["stale"])
    await test.stop(client)
  }

  @Test("A page that lacks chunks or has others is refused") func wrongPages() async throws {
    let test = try await fixture()
    let (client, list) = (try test.client(), test.shared.chain.list)
    let lies: [(String, @Sendable (inout ProtoStatusListPage) throws -> Void)] = [
      ("wrong_page", { $0.nextChunk = 0 }), ("wrong_page", { $0.firstChunk += 1 }), ("wrong_page", { $0.chunks.removeLast() }),
      ("absence_mismatch", { $0.chunks[1] = $0.chunks[0] }),
      ("record_hash_mismatch", { try $0.chunks[0].changeRecord { $0.bits[0] ^= 1 } }),
    ]
    for (reason, lie) in lies {
      let behaviour = Behaviour.lie { proven in
        var page = try ProtoStatusListPage(serializedBytes: proven.payload)
        try lie(&page)
        proven.payload = try page.serializedData()
      }
      test.node.behave(behaviour, on: .statusList)
      #expect(await failure { () async throws(CairnError) in try await client.statusList(list) }?.endpointReasons == [reason])
    }
    await test.stop(client)
  }
}

extension ProtoChunkAnswer {
  mutating func changeRecord(_ change: (inout ProtoStatusChunk) throws -> Void) throws {
    var chunk = try ProtoStatusChunk(serializedBytes: record)
    try change(&chunk)
    record = try chunk.serializedData()
  }

  mutating func changeVersion(_ change: (inout ProtoStatusChunk) throws -> Void) throws {
    var chunk = try ProtoStatusChunk(serializedBytes: version.record)
    try change(&chunk)
    version.record = try chunk.serializedData()
  }
}
