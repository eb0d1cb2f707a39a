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
import Testing

@Suite("Resolving", .timeLimit(.minutes(1)))
struct ResolveTests {
  @Test("A DID is resolved to its record and document, with the header that proves it") func resolve() async throws {
    let test = try await Fixture.start()
    let client = try await CairnClient.connect(
      to: test.nodes.map(\.endpoint), trusting: .anchor(test.shared.chain.anchor.fileBytes), options: test.options())
    let resolved = try await client.resolve("\(test.alice)")
    let record = try #require(try test.shared.chain.record(of: test.alice))
    #expect(resolved.did == test.alice)
    #expect(resolved.record == record)
    #expect(resolved.document == record.documentJSON)
    let resolution = try await client.resolution(of: test.alice)
    #expect(resolution.header.header == test.shared.chain.newest.header)
    #expect(resolution.outcome == .found(resolved))
    #expect(client.newest == resolution.header)
    await test.stop(client)
  }

  @Test("TLS is pinned to the node key that the anchor has for the validator") func pinned() async throws {
    let test = try await Fixture.start(nodes: 0)
    let chain = test.shared.chain
    let node = try await RunningNode.start(FakeNode(test.shared), key: chain.nodeKeys[1])
    let right = try CairnClient(
      to: [Endpoint(validator: "node-1", at: node.address)], trusting: .anchor(chain.anchor), options: test.options())
    #expect(try await right.resolve(test.alice).did == test.alice)
    for wrong in [Endpoint(validator: "node-2", at: node.address), Endpoint(node.address, nodeKey: chain.nodeKeys[0].publicKey)] {
      let client = try CairnClient(to: [wrong], trusting: .anchor(chain.anchor), options: test.options())
      let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice) }
      #expect(error?.endpointReasons == ["cannot_connect"])
      await client.close()
    }
    await right.close()
    await node.server.shutdown(within: .seconds(1))
  }

  @Test("An endpoint has to name a key, or match a validator of the anchor") func endpoints() throws {
    let anchor = try TestChain().anchor
    #expect(throws: CairnError.self) { try CairnClient(to: [Endpoint("127.0.0.1:1")], trusting: .anchor(anchor)) }
    #expect(throws: CairnError.self) { try CairnClient(to: [Endpoint(validator: "node-9")], trusting: .anchor(anchor)) }
    #expect(throws: CairnError.self) { try CairnClient(to: [Endpoint(plaintext: "nowhere")], trusting: .anchor(anchor)) }
    _ = try CairnClient(to: [Endpoint("127.0.0.1:8002"), Endpoint(validator: "node-3")], trusting: .anchor(anchor))
    let client = try CairnClient(trusting: .anchor(anchor))
    #expect(Set(client.endpoints.map(\.endpoint.description)) == ["node-0", "node-1", "node-2", "node-3"])
    #expect(throws: CairnError.self) { try CairnClient(trusting: .anchor([1, 2, 3])) }
  }

  @Test("That a DID does not exist is proven, and not remembered") func absent() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let carol = try test.shared.chain.creation("carol").subject
    let header = try await client.checkpoint()
    let error = await failure { () async throws(CairnError) in try await client.resolve(carol) }
    #expect(error == .notFound(carol, provenBy: header))
    #expect(try await client.resolution(of: carol).outcome == .absent)
    _ = try test.shared.change { try $0.enrol("carol") }
    #expect(try await client.resolve(carol).did == carol)
    await test.stop(client)
  }

  @Test("What is not a DID of this network is not asked for") func foreign() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let stranger = try TestChain(name: "other").creation("alice").subject
    #expect(await failure { () async throws(CairnError) in try await client.resolve("did:web:example.com") }?.reason == "invalid_did")
    #expect(await failure { () async throws(CairnError) in try await client.resolve(stranger) } == .foreignDID(stranger))
    #expect(test.node.count(.resolve) == 0)
    await test.stop(client)
  }

  @Test("A deactivated DID is not resolved, and can be looked at") func deactivated() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    try test.shared.change { chain in
      guard let head = try chain.record(of: test.alice)?.head else { return }
      let operation = try LedgerOperation.deactivate(test.alice, after: head, network: chain.network)
      try chain.append([chain.transaction([operation], keys: ["alice"])])
    }
    let resolved = try #require(try await client.resolution(of: test.alice).resolved)
    #expect(resolved.isDeactivated)
    #expect(await failure { () async throws(CairnError) in try await client.resolve(test.alice) } == .deactivated(resolved))
    await test.stop(client)
  }

  @Test("An answer is remembered until its header is too old") func cache() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    _ = try await client.resolve(test.alice)
    test.clock.advance(milliseconds: 15_000)
    _ = try await client.resolve(test.alice)
    #expect(test.node.count(.resolve) == 1)
    test.clock.advance(milliseconds: 1)
    let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice) }
    #expect(error?.endpointReasons == ["stale"])
    #expect(test.node.count(.resolve) == 2)
    try test.grow()
    test.clock.advance(milliseconds: 20_000)
    try test.shared.change { try $0.append(laterMilliseconds: 20_000) }
    _ = try await client.resolve(test.alice)
    #expect(test.node.count(.resolve) == 3)
    await test.stop(client)
  }

  @Test("Without a cache every call asks") func noCache() async throws {
    let test = try await Fixture.start()
    let client = try test.client { $0.cacheCapacity = 0 }
    for _ in 0..<3 { _ = try await client.resolve(test.alice) }
    #expect(test.node.count(.resolve) == 3)
    await test.stop(client)
  }

  @Test("Many DIDs are resolved at a time and answered in order, one failure beside the others") func many() async throws {
    let test = try await Fixture.start()
    let client = try test.client { $0.cacheCapacity = 0 }
    let carol = try test.shared.chain.creation("carol").subject
    let stranger = try TestChain(name: "other").creation("alice").subject
    let dids = (0..<40).flatMap { _ in [test.alice, carol, stranger, test.bob] }
    var answered: [CairnDID] = []
    for await answer in client.resolveMany(dids, inFlight: 8) {
      answered.append(answer.did)
      switch answer.did {
      case carol: #expect(try answer.result.get().outcome == .absent)
      case stranger: #expect(throws: CairnError.foreignDID(stranger)) { try answer.result.get() }
      default: #expect(try answer.result.get().resolved?.did == answer.did)
      }
    }
    #expect(answered == dids)
    let (stream, continuation) = AsyncStream.makeStream(of: CairnDID.self)
    for did in [test.bob, test.alice] { continuation.yield(did) }
    continuation.finish()
    var streamed: [CairnDID] = []
    for await answer in client.resolveMany(stream) { streamed.append(try answer.result.get().did) }
    #expect(streamed == [test.bob, test.alice])
    await test.stop(client)
  }

  @Test("A connection of its own answers on its event loop") func pipelined() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let connection = try await client.verifiedConnection()
    let futures = (0..<200).map { connection.resolve($0.isMultiple(of: 2) ? test.alice : test.bob) }
    for (index, future) in futures.enumerated() {
      #expect(try await future.get().resolved?.did == (index.isMultiple(of: 2) ? test.alice : test.bob))
    }
    test.node.behave(.lie { $0.state[0].value[0] ^= 1 })
    let error = await #expect(throws: CairnError.self) { try await connection.resolve(test.alice).get() }
    #expect(error?.endpointReasons == ["bad_proof"])
    await connection.close()
    await test.stop(client)
  }

  @Test("A closed client answers nothing, not even from its cache") func closed() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    _ = try await client.resolve(test.alice)
    await client.close()
    #expect(await failure { () async throws(CairnError) in try await client.resolve(test.alice) } == .closed)
    await test.stop()
  }
}
