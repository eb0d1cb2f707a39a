import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import SwiftProtobuf
import Testing

@Suite("Writing status lists", .timeLimit(.minutes(1)))
struct StatusListWritingTests {
  @Test("A list is made, changed in any size, and delegated")
  func life() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let issuer = test.shared.chain.registrar
    let list = try StatusListID(issuer: issuer.did, name: "pauses")
    _ = try await client.createStatusList(list, purpose: .suspension, by: issuer)
    let indices = (0..<20_000).map { UInt32($0 * 5) }
    #expect(try await client.updateStatusList(list, set: indices, by: issuer).count == 2)
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    #expect(try await client.statusList(list).bits.setIndices == indices)
    #expect(try await client.updateStatusList(list, set: indices.prefix(10_000), by: issuer).count == 1)
    #expect(try await client.updateStatusList(list, set: [], by: issuer).isEmpty)
    let alice = Signatory(test.alice, keys: [TestChain.key("alice")])
    let stranger = await failure { () async throws(CairnError) in try await client.updateStatusList(list, set: [1], by: alice) }
    #expect(stranger?.reason == "not_revoker")
    _ = try await client.delegateStatusList(list, to: [test.alice], by: issuer)
    #expect(try await client.updateStatusList(list, set: [1], clear: [0, 5], by: alice).count == 1)
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    #expect(try await client.statusList(list).bits.setIndices.prefix(2) == [1, 10])
    await test.stop(client)
  }

  @Test("A signed list says what the ledger says, in both formats, and goes to every node")
  func refresh() async throws {
    let world = try await CredentialWorld.start(nodes: 2)
    let client = try world.test.client()
    try world.change { try $0.update("cards", set: [3, 130_000]) }
    let resolution = try await client.statusList(world.list)
    let signed = try SignedStatusList(resolution, url: "https://node.example/lists/1", by: world.signer(world.issuer, "issuer document"))
    let key = TestChain.key("issuer document").publicKey
    let policy = VerificationPolicy(now: world.now)
    let credential = try StatusListCredential(verifying: signed.credential, by: key, under: policy)
    let token = try StatusListToken(verifying: signed.token, by: key, under: policy)
    #expect(credential.url == "https://node.example/lists/1" && token.url == "https://node.example/lists/1")
    for index in [UInt64(3), 4, 129_999, 130_000] {
      let expected = index == 3 || index == 130_000
      #expect(credential.bits[index] == expected)
      #expect(token.statuses[index] == (expected ? 1 : 0))
    }
    for endpoint in client.endpoints.map(\.endpoint) { try await client.publish(signed, to: endpoint) }
    for node in world.test.nodes.map(\.node) {
      #expect(node.publishedLists.map(\.form) == [.credential, .token])
      #expect(node.publishedLists.map { [UInt8]($0.document) } == [signed.credential, signed.token])
      #expect(node.publishedLists.allSatisfy { $0.list == world.list.description })
    }
    world.test.node.behave(.refuse(.failedPrecondition, reason: "outdated_list"), on: .publishStatusList)
    let refused = await failure { () async throws(CairnError) in
      try await client.publishStatusList(world.list, as: .token, document: signed.token, to: world.test.nodes[0].endpoint)
    }
    #expect(refused?.reason == "outdated_list")
    #expect(throws: CredentialIssuingError.wrongSigner) {
      try SignedStatusList(resolution, by: world.signer(world.agent, "agent document"))
    }
    await world.test.stop(client)
  }

  @Test("An index is drawn once, until none is left")
  func indices() throws {
    let list = try StatusListID(issuer: TestChain().registrar.did, name: "cards")
    var book = StatusIndexBook(list: list, length: 131_072)
    let drawn = book.take(1_000)
    #expect(Set(drawn).count == 1_000 && drawn != drawn.sorted())
    var read = try StatusIndexBook(decoding: book.bytes)
    #expect(read == book)
    #expect(read.remaining == 130_072)
    let rest = read.take(130_072)
    #expect(Set(rest + drawn).count == 131_072)
    #expect(read.take().isEmpty && read.take(0).isEmpty)
    #expect(throws: StatusIndexError.malformed) { try StatusIndexBook(decoding: Array("{}".utf8)) }
    #expect(throws: StatusIndexError.malformed) { try StatusIndexBook(decoding: Array(book.bytes.dropLast())) }
  }

  @Test("Processes that share an index file never draw the same")
  func indexFile() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("cairn-indices-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = StatusIndexFile(directory.appendingPathComponent("cards.indices"))
    let issuer = try TestChain().registrar.did
    let list = try StatusListID(issuer: issuer, name: "cards")
    let drawn = try await withThrowingTaskGroup(of: [UInt32].self) { group in
      for _ in 0..<8 { group.addTask { try file.take(5, of: list, length: 131_072) } }
      return try await group.reduce(into: [UInt32]()) { $0 += $1 }
    }
    #expect(drawn.count == 40 && Set(drawn).count == 40)
    let other = try StatusListID(issuer: issuer, name: "other")
    #expect(throws: StatusIndexError.otherList(list)) { try file.take(of: other, length: 131_072) }
    #expect(throws: StatusIndexError.malformed) { try file.take(of: list, length: 131_080) }
    #expect(throws: StatusIndexError.full(remaining: 131_032)) { try file.take(131_033, of: list, length: 131_072) }
  }
}
