import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

/// One way to answer what is not so.
struct Lie: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// As which it is reported.
  let reason: String
  let behaviour: @Sendable (Fixture) throws -> Behaviour

  static func proven(_ description: String, _ reason: String, _ change: @escaping @Sendable (inout ProtoProven, Fixture) throws -> Void)
    -> Lie
  {
    Lie(testDescription: description, reason: reason) { test in .lie { try change(&$0, test) } }
  }

  static func payload(_ description: String, _ reason: String, _ change: @escaping @Sendable (inout ProtoResolution) throws -> Void) -> Lie
  {
    proven(description, reason) { proven, _ in
      var resolution = try ProtoResolution(serializedBytes: proven.payload)
      try change(&resolution)
      proven.payload = try resolution.serializedData()
    }
  }

  static let all: [Lie] = [
    payload("another version of the record", "record_hash_mismatch") { resolution in
      var record = try ProtoDidRecord(serializedBytes: resolution.record)
      record.sequence += 1
      resolution.record = try record.serializedData()
    },
    payload("a changed document", "document_hash_mismatch") { resolution in
      resolution.document = Data(String(decoding: resolution.document, as: UTF8.self).replacing("alice", with: "mallory").utf8)
    },
    payload("a truncated document", "document_hash_mismatch") { $0.document.removeLast() },
    payload("no record", "record_hash_mismatch") { $0.record = Data() },
    proven("another DID, with its proof", "bad_proof") { proven, test in
      let other = try test.shared.chain.resolution(test.bob, ProtoKnown())
      (proven.state, proven.payload) = (other.state, other.payload)
    },
    proven("absence of a DID that exists", "bad_proof") { proven, test in
      let carol = try test.shared.chain.creation("carol").subject
      (proven.state, proven.payload) = (try test.shared.chain.resolution(carol, ProtoKnown()).state, Data())
    },
    proven("absence by an empty tree", "bad_proof") {
      $0.state = [ProtoStateProof()]; _ = $1
    },
    proven("another value in the state", "bad_proof") { proven, _ in proven.state[0].value[2] ^= 1 },
    proven("a path that is cut short", "bad_proof") { proven, _ in proven.state[0].path.removeLast() },
    proven("no state proof", "missing_proof") { proven, _ in proven.state = [] },
    proven("a payload that is no message", "malformed_answer") { proven, _ in proven.payload = Data([0xff]) },
    proven("a changed header", "certificate_of_other_block") { proven, _ in
      var header = try ProtoHeader(serializedBytes: proven.header)
      header.stateRoot[0] ^= 1
      proven.header = Data(Canonical.encode(header))
    },
    proven("a header of another network", "wrong_network") { proven, _ in
      var header = try ProtoHeader(serializedBytes: proven.header)
      header.network[0] ^= 1
      proven.header = Data(Canonical.encode(header))
    },
    proven("a header that is no message", "malformed_answer") { proven, _ in proven.header = Data([1, 2, 3]) },
    proven("no certificate", "missing_certificate") { proven, _ in proven.clearCertificate() },
    proven("a forged signature", "bad_certificate") { proven, _ in proven.certificate.signatures[3] ^= 1 },
    proven("a certificate below the quorum", "malformed_answer") { proven, _ in
      proven.certificate.signers = Data([0b11])
      proven.certificate.signatures.removeLast(64)
    },
    proven("a certificate by other keys", "bad_certificate") { proven, test in
      let other = try TestChain(name: "other")
      proven.certificate.signatures = other.certificate(of: test.shared.chain.newest.header).signatures
    },
    Lie(testDescription: "half an answer", reason: "malformed_answer") { test in
      let bytes: [UInt8] = try test.shared.chain.resolution(test.alice, ProtoKnown()).serializedBytes()
      return .bytes(Array(bytes.prefix(bytes.count / 2)))
    },
    Lie(testDescription: "nothing", reason: "malformed_answer") { _ in .bytes([]) },
  ]
}

@Suite("Nodes that lie", .timeLimit(.minutes(1)))
struct LyingNodeTests {
  @Test("A lie is refused with its reason, and never a value", arguments: Lie.all) func refused(lie: Lie) async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    for node in test.nodes { node.node.behave(try lie.behaviour(test)) }
    let error = await failure { () async throws(CairnError) in try await client.resolution(of: test.alice) }
    #expect(error?.endpointReasons == [lie.reason, lie.reason])
    #expect(test.problems.reasons == [lie.reason, lie.reason])
    #expect(client.endpoints.allSatisfy { $0.dishonestCount == 1 && $0.answerCount == 0 })
    await test.stop(client)
  }

  @Test("The next endpoint is asked, and the liar only after all others", arguments: Lie.all) func passedOver(lie: Lie) async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client { $0.cacheCapacity = 0 }
    test.node.behave(try lie.behaviour(test))
    for _ in 0..<3 { #expect(try await client.resolve(test.alice).did == test.alice) }
    #expect(test.problems.reasons == [lie.reason])
    #expect(test.node.count(.resolve) == 1)
    #expect(client.endpoints[0].lastProblem?.reason == lie.reason)
    await test.stop(client)
  }

  @Test("A stale header is refused by the client's own clock") func stale() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    test.clock.advance(milliseconds: 15_001)
    let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice) }
    #expect(error?.endpointReasons == ["stale"])
    #expect(client.endpoints[0].dishonestCount == 0)
    await test.stop(client)
  }

  @Test("What is older than what is known is refused, and the next endpoint asked") func wentBack() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client { $0.cacheCapacity = 0 }
    _ = try await client.resolve(test.alice)
    let height = test.shared.chain.blocks.count - 1
    try test.grow()
    _ = try await client.resolve(test.alice)
    test.node.stay(at: height)
    #expect(try await client.resolution(of: test.alice).header.header == test.shared.chain.newest.header)
    #expect(test.problems.reasons == ["went_back"])
    await test.stop(client)
  }

  @Test("Two finalized blocks of one height are the end of all answers") func fork() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client { $0.cacheCapacity = 0 }
    _ = try await client.resolve(test.alice)
    var rival = test.shared.chain
    try test.grow()
    try rival.append(laterMilliseconds: 999)
    let height = rival.newest.header.height
    _ = try await client.resolve(test.alice)
    let twin = rival
    test.node.behave(.lie { $0 = try twin.resolution(test.alice, ProtoKnown()) })
    for did in [test.alice, test.bob, test.alice] {
      #expect(await failure { () async throws(CairnError) in try await client.resolve(did) } == .fork(height: height))
    }
    #expect(await failure { () async throws(CairnError) in try await client.checkpoint() } == .fork(height: height))
    #expect(test.nodes[1].node.count(.resolve) == 0)
    await test.stop(client)
  }

  @Test("A consistency proof that leads nowhere is one node's lie, and no fork") func falseForkClaim() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client { $0.cacheCapacity = 0 }
    _ = try await client.resolve(test.alice)
    try test.grow()
    test.node.behave(.lie { $0.consistency.path[0][0] ^= 1 })
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.problems.reasons == ["bad_proof"])
    try test.grow()
    test.nodes[1].node.behave(.lie { $0.clearConsistency() })
    let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice) }
    #expect(error?.endpointReasons.sorted() == ["bad_proof", "missing_proof"])
    await test.stop(client)
  }

  @Test("A server of another network is not spoken to") func otherNetwork() async throws {
    let test = try await Fixture.start(nodes: 0)
    let other = try TestChain(name: "other").network
    let node = try await RunningNode.start(FakeNode(test.shared, network: other))
    let client = try CairnClient(to: [node.endpoint], trusting: .anchor(test.shared.chain.anchor), options: test.options())
    let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice) }
    #expect(error?.endpointReasons == ["hello_rejected"])
    #expect(node.node.count(.resolve) == 0)
    await client.close()
    await node.server.shutdown(within: .seconds(1))
  }
}
