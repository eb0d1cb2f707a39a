import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnProtocol
import Foundation
import SwiftProtobuf
import Testing

@Suite("Reading the log", .timeLimit(.minutes(1)))
struct LogTests {
  @Test("Entries, headers and transactions are proven by the newest header") func honest() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let chain = test.shared.chain
    let index = try #require(chain.changes(of: test.bob, before: .max).first)
    let entry = try await client.entry(index)
    #expect(entry.entry == chain.entries[Int(index)])
    #expect(entry.index == index)
    #expect(try await client.inclusionProof(of: entry.entry, at: index).proof == entry.proof)
    for height in 0..<chain.blocks.count {
      let header = try await client.header(.height(UInt64(height)))
      #expect(header.header == chain.blocks[height].header)
      #expect(try await client.header(.digest(header.header.digest)) == header)
    }
    let old = try await client.checkpoint()
    try test.grow(by: 3)
    let new = try await client.checkpoint()
    let proof = try await client.consistencyProof(from: old, to: new)
    #expect((proof.oldSize, proof.newSize) == (old.header.logSize, new.header.logSize))
    await test.stop(client)
  }

  @Test("That a transaction is not there is the node's word only") func unknown() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let error = await failure { () async throws(CairnError) in try await client.transaction(.zero) }
    #expect(error?.reason == "unknown")
    guard case .refused = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    await test.stop(client)
  }

  @Test("Another entry, header or transaction than the one asked for is refused") func lies() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let chain = test.shared.chain
    let bob = try #require(chain.changes(of: test.bob, before: .max).first)
    guard case .transaction(let bytes) = chain.entries[Int(bob)] else { return }
    let id = try Transaction(decoding: bytes, network: chain.network).id
    let alice = try #require(chain.changes(of: test.alice, before: .max).first)
    let other = Behaviour.lie { $0.log = [try chain.logProof(alice)] }
    test.node.behave { (_: CairnMethod) in other }
    #expect(await failure { () async throws(CairnError) in try await client.entry(bob) }?.endpointReasons == ["other_answer"])
    #expect(await failure { () async throws(CairnError) in try await client.transaction(id) }?.endpointReasons == ["other_answer"])
    #expect(await failure { () async throws(CairnError) in try await client.header(.height(1)) }?.endpointReasons == ["other_answer"])
    test.node.behave { (_: CairnMethod) in .lie { $0.log = [try chain.logProof(0)] } }
    #expect(await failure { () async throws(CairnError) in try await client.header(.height(1)) }?.endpointReasons == ["other_answer"])
    test.node.behave { (_: CairnMethod) in .honest }
    let entry = chain.entries[Int(alice)]
    let error = await failure { () async throws(CairnError) in try await client.inclusionProof(of: entry, at: bob) }
    #expect(error?.endpointReasons == ["bad_proof"])
    await test.stop(client)
  }

  @Test("A consistency proof of other sizes or roots is refused") func consistency() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let old = try await client.checkpoint()
    try test.grow(by: 2)
    let middle = try await client.checkpoint()
    try test.grow(by: 3)
    let new = try await client.checkpoint()
    let other: [UInt8] = try await client.consistencyProof(from: middle, to: new).message.serializedBytes()
    test.node.behave(.bytes(other), on: .consistencyProof)
    let error = await failure { () async throws(CairnError) in try await client.consistencyProof(from: old, to: new) }
    #expect(error?.endpointReasons == ["other_answer"])
    var broken = try ProtoConsistencyProof(serializedBytes: other)
    broken.path[0][0] ^= 1
    test.node.behave(.bytes(try broken.serializedBytes()), on: .consistencyProof)
    let bad = await failure { () async throws(CairnError) in try await client.consistencyProof(from: middle, to: new) }
    #expect(bad?.endpointReasons == ["bad_proof"])
    await test.stop(client)
  }
}
