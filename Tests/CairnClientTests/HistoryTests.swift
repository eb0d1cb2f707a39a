import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import SwiftProtobuf
import Testing

@Suite("Histories", .timeLimit(.minutes(1)))
struct HistoryTests {
  /// Alice in five versions.
  private func fixture() async throws -> Fixture {
    let test = try await Fixture.start()
    for version in 1...4 { try test.shared.change { try $0.update(test.alice, of: "alice", to: "version\(version)") } }
    return test
  }

  @Test("Every version is there, over as many pages as it takes") func complete() async throws {
    let test = try await fixture()
    let client = try test.client()
    let history = try await client.history(of: test.alice)
    #expect(history.history.isComplete)
    #expect(history.history.versions.map(\.entry.sequence) == [0, 1, 2, 3, 4])
    #expect(history.history.versions.last?.document == history.current.document)
    #expect(test.node.count(.history) == 3)
    await test.stop(client)
  }

  @Test("A history that lacks a link, or has one too many, is refused") func broken() async throws {
    let test = try await fixture()
    let client = try test.client()
    let bob = try #require(test.shared.chain.changes(of: test.bob, before: .max).first)
    let lies: [(String, @Sendable (inout ProtoProven) throws -> Void)] = [
      ("broken_history", { $0.log.removeFirst() }),
      ("broken_history", { $0.log.reverse() }),
      ("irrelevant_transaction", { $0.log[1] = try test.shared.chain.logProof(bob) }),
      ("other_answer", { $0.log[1] = try test.shared.chain.logProof(0) }),
      ("bad_proof", { $0.log[0].path[0][0] ^= 1 }),
      ("incomplete_history", { $0.payload = Data() }),
      ("incomplete_history", { ($0.log, $0.payload) = ([], Data()) }),
      (
        "other_answer",
        {
          var page = ProtoHistoryPage()
          page.nextBeforeIndex = .max
          $0.payload = try page.serializedData()
        }
      ),
    ]
    for (reason, lie) in lies {
      test.node.behave(.lie(lie), on: .history)
      let error = await failure { () async throws(CairnError) in try await client.history(of: test.alice) }
      #expect(error?.endpointReasons == [reason])
    }
    await test.stop(client)
  }

  @Test("A DID of the genesis ends there: with its creation when the genesis is given") func genesis() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let chain = test.shared.chain
    let untouched = try await client.history(of: chain.genesis.dids[1], genesis: chain.genesis)
    #expect(untouched.history.isComplete)
    #expect(untouched.history.entries.map(\.transaction) == [nil])
    let operator0 = chain.registrar.did
    try test.shared.change { try $0.update(operator0, of: "operator 0", to: "changed") }
    #expect(try await client.history(of: operator0, genesis: chain.genesis).history.versions.count == 2)
    let without = try await client.history(of: operator0)
    #expect(!without.history.isComplete)
    #expect(without.history.entries.map(\.sequence) == [1])
    await test.stop(client)
  }

  @Test("The history of what does not exist is refused with the proof") func absent() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let carol = try test.shared.chain.creation("carol").subject
    #expect(await failure { () async throws(CairnError) in try await client.history(of: carol) }?.reason == "not_found")
    await test.stop(client)
  }
}
