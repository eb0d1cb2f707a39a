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

@Suite("Submitting", .timeLimit(.minutes(1)))
struct SubmitTests {
  private func enrolment(_ name: String, _ test: Fixture) throws -> Transaction {
    let chain = test.shared.chain
    return try chain.transaction([chain.creation(name)], keys: [name])
  }

  @Test("A transaction is final when its receipt is verified") func receipt() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let transaction = try enrolment("carol", test)
    let receipt = try await client.submit(transaction)
    #expect(receipt.transactionID == transaction.id)
    #expect(receipt.transaction == transaction.bytes)
    #expect(receipt.index == test.shared.chain.index(of: transaction.id))
    #expect(try await client.transaction(transaction.id) == receipt)
    await test.stop(client)
  }

  @Test("A receipt that proves something else is refused") func otherReceipt() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let other = try enrolment("dave", test)
    _ = try await client.submit(other)
    let lies: [(String, @Sendable (inout ProtoSubmitResult) throws -> Void)] = [
      ("other_answer", { $0.receipt.log = [try test.shared.chain.logProof(try #require(test.shared.chain.index(of: other.id)))] }),
      ("other_answer", { $0.transactionID[0] ^= 1 }),
      ("other_answer", { $0.accepted = ProtoAccepted() }),
      ("missing_proof", { $0.receipt.log = [] }),
      ("missing_proof", { $0.receipt.clearConsistency() }),
      ("bad_proof", { $0.receipt.log[0].index -= 1 }),
      ("bad_certificate", { $0.receipt.certificate.signatures[0] ^= 1 }),
      ("malformed_answer", { $0.outcome = nil }),
    ]
    for (number, (reason, lie)) in lies.enumerated() {
      test.node.behave(.lieAboutSubmission { try lie(&$0.results[0]) }, on: .submit)
      let transaction = try enrolment("subject-\(number)", test)
      let error = await failure { () async throws(CairnError) in try await client.submit(transaction) }
      #expect(error?.reason == "undecided")
      #expect(error?.endpointReasons == [reason])
    }
    await test.stop(client)
  }

  @Test("After a broken connection another endpoint gives the receipt of the one and only entry") func brokenConnection() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    test.node.behave(.breakConnection, on: .submit)
    let transaction = try enrolment("carol", test)
    let receipt = try await client.submit(transaction)
    #expect(receipt.transactionID == transaction.id)
    #expect(test.nodes[1].node.count(.submit) == 1)
    let ids = test.shared.chain.entries.filter { $0 == .transaction(transaction.bytes) }
    #expect(ids.count == 1)
    await test.stop(client)
  }

  @Test("An outcome that is not known in time is said to be so, and time is taken until then") func undecided() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    test.node.behave(.refuse(.unavailable, reason: "catching_up"), on: .submit)
    let transaction = try enrolment("carol", test)
    let error = await failure { () async throws(CairnError) in try await client.submit(transaction) }
    guard case .undecided(let transactions, _) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(transactions == [transaction.id])
    #expect(error?.endpointReasons == ["catching_up"])
    #expect(test.clock.pauses.first == .milliseconds(100))
    #expect(test.clock.pauses.allSatisfy { $0 <= .seconds(2) })
    await test.stop(client)
  }

  @Test("What never left is not undecided") func neverSent() async throws {
    let test = try await Fixture.start()
    await test.nodes[0].server.shutdown(within: .seconds(1))
    let client = try test.client()
    let transaction = try enrolment("carol", test)
    let error = await failure { () async throws(CairnError) in try await client.submit(transaction) }
    #expect(error?.reason == "no_answer")
    #expect(error?.endpointReasons == ["cannot_connect"])
    await test.stop(client)
  }

  @Test("A stale operation is refused with the head that it should have followed, proven") func stale() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    let chain = test.shared.chain
    let old = try #require(try chain.record(of: test.alice)?.head)
    try test.shared.change { try $0.update(test.alice, of: "alice", to: "new") }
    let operation = try LedgerOperation.update(test.alice, after: old, document: TestChain.document("late"), network: chain.network)
    let transaction = try chain.transaction([operation], keys: ["alice"])
    let error = await failure { () async throws(CairnError) in try await client.submit(transaction) }
    guard case .refused(let refusal) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(refusal.reason == "stale")
    #expect(refusal.current?.record == (try test.shared.chain.record(of: test.alice)))
    #expect(test.nodes[1].node.count(.submit) == 0)
    test.node.behave(.lieAboutSubmission { $0.results[0].failure.current.payload = Data() }, on: .submit)
    let unproven = await failure { () async throws(CairnError) in try await client.submit(transaction) }
    guard case .refused(let refusal) = unproven else {
      Issue.record("unexpected \(String(describing: unproven))")
      return
    }
    #expect(refusal.current == nil)
    await test.stop(client)
  }

  @Test("Of a batch, each transaction has its own outcome, and what the node had no room for is submitted again") func batch() async throws
  {
    let test = try await Fixture.start()
    let client = try test.client()
    let good = try ["carol", "dave", "erin"].map { try enrolment($0, test) }
    let bad = try test.shared.chain.transaction([test.shared.chain.creation("alice")], keys: ["alice"])
    test.node.behave { method, count in
      guard method == .submit, count == 0 else { return .honest }
      return .lieAboutSubmission { response in
        response.results[2].failure = FakeNode.failure(.resourceExhausted, "overloaded", ["retry_after_ms": "250"])
      }
    }
    let outcomes = try await client.submit([good[0], bad, good[1], good[2]])
    #expect(test.clock.pauses == [.milliseconds(250)])
    #expect(test.node.count(.submit) == 2)
    for (outcome, transaction) in zip([outcomes[0], outcomes[2], outcomes[3]], good) {
      guard case .final(let receipt) = outcome else {
        Issue.record("unexpected \(outcome)")
        continue
      }
      #expect(receipt.transactionID == transaction.id)
    }
    guard case .refused(let refusal) = outcomes[1] else {
      Issue.record("unexpected \(outcomes[1])")
      return
    }
    #expect(refusal.reason == "already_exists")
    await test.stop(client)
  }

  @Test("Without waiting, the node's word is passed on as that") func noWait() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let transaction = try enrolment("carol", test)
    #expect(try await client.submit([transaction], wait: .noWait) == [.accepted(transactionID: transaction.id)])
    await test.stop(client)
  }

  @Test("After a receipt no older answer is given, neither from the cache nor by a node that is behind") func readYourWrites() async throws
  {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    #expect(try await client.resolve(test.alice).versionID == 0)
    let height = test.shared.chain.blocks.count - 1
    _ = try await client.update(
      test.alice, document: TestChain.document("new"), keys: [TestChain.key("alice")], by: test.shared.chain.registrar)
    test.node.stay(at: height)
    #expect(try await client.resolve(test.alice).versionID == 1)
    #expect(test.problems.reasons == ["went_back"])
    await test.stop(client)
  }

  @Test("A DID is made, changed, given new keys and ended") func lifecycle() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let registrar = test.shared.chain.registrar
    let key = TestChain.key
    let (did, receipt) = try await client.create(
      control: TestChain.control("carol"), document: TestChain.document("carol"), keys: [key("carol")], by: registrar)
    #expect(receipt.index == test.shared.chain.newest.header.logSize - 1)
    #expect(try await client.resolve(did).versionID == 0)
    _ = try await client.update(did, document: TestChain.document("carol2"), keys: [key("carol")])
    #expect(try await client.resolve(did).versionID == 1)
    let control = try Control(update: key("carol next").publicKey, next: key("carol third").publicKey)
    _ = try await client.rotate(did, to: control, keys: [key("carol"), key("carol next")])
    #expect(try await client.resolve(did).record.control == control)
    _ = try await client.deactivate(did, keys: [key("carol next")])
    #expect(await failure { () async throws(CairnError) in try await client.resolve(did) }?.reason == "deactivated")
    let error = await failure { () async throws(CairnError) in
      try await client.update(did, document: DIDDocument(), keys: [key("carol next")])
    }
    #expect(error?.reason == "deactivated")
    await test.stop(client)
  }
}
