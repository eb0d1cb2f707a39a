import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnTestKit
import Testing

extension Clusters {
  @Suite struct SubmissionTests {
    @Test("A transaction that is submitted again, elsewhere or after a restart, gets its original receipt") func resubmission() async throws
    {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let transaction = try cluster.enrolment(validityBlocks: 8)
        let receipt = try await cluster.client.submit(transaction)
        try await cluster.waitUntilLevel()
        #expect(try await cluster.client.submit(transaction).index == receipt.index)
        for index in 0..<4 {
          let client = try cluster.client(of: index)
          #expect(try await client.submit(transaction).index == receipt.index, "at node \(index)")
          await client.close()
        }
        await cluster.stop(node: 2)
        try await cluster.restart(node: 2)
        // By then it could not become final any more, had it not been.
        try await cluster.waitForBlocks(10)
        try await cluster.waitUntilLevel()
        let client = try cluster.client(of: 2)
        #expect(try await client.submit(transaction).index == receipt.index)
        await client.close()
        try await cluster.expectNoEvidence()
      }
    }

    @Test("Each kind of mistake is refused with its reason") func refusals() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let key = SigningKey.generate()
        let network = cluster.network.genesis.network
        let agent = try await cluster.register(key: key)
        let owner = Signatory(agent, keys: [key])
        let first = try await cluster.client.resolve(agent).record.head
        let document = DIDDocument.signing(with: key.publicKey)
        _ = try await cluster.client.update(agent, document: document, keys: [key])
        let head = try await cluster.client.resolve(agent).record.head
        let update = { (head: DIDHead) throws -> LedgerOperation in try .update(agent, after: head, document: document, network: network) }

        let stale = try cluster.transaction([update(first)], keys: [key], by: owner)
        let refusal = await reason(stale, at: cluster)
        #expect(refusal?.reason == "stale")
        #expect(refusal?.current?.record.head == head)
        let future = DIDHead(sequence: head.sequence + 5, hash: head.hash)
        #expect(await reason(try cluster.transaction([update(future)], keys: [key], by: owner), at: cluster)?.reason == "future_sequence")
        let nobody = try LedgerOperation.create(
          control: try Control(update: key.publicKey, next: key.publicKey), document: document, salt: randomBytes(16), network: network)
        let unknown = Signatory(nobody.subject, keys: [key])
        #expect(await reason(try cluster.transaction([update(head)], keys: [key], by: unknown), at: cluster)?.reason == "unknown_submitter")
        #expect(await reason(try cluster.transaction([nobody], keys: [key], by: owner), at: cluster)?.reason == "not_permitted")
        let other = try LedgerOperation.update(nobody.subject, after: nobody.head, document: document, network: network)
        #expect(await reason(try cluster.transaction([other], keys: [key]), at: cluster)?.reason == "unknown_did")
        let expired = UnsignedTransaction(
          network: network, submitter: agent, notAfterHeight: 1, nonce: randomBytes(16), operations: [try update(head)])
        try await cluster.waitForBlocks(2)
        try await cluster.waitUntilLevel()
        #expect(await reason(try expired.signed(by: [key]), at: cluster)?.reason == "expired")
        let thief = UnsignedTransaction(
          network: network, submitter: agent, notAfterHeight: cluster.highest + 50, nonce: randomBytes(16), operations: [try update(head)])
        #expect(await reason(try thief.signed(by: [.generate()]), at: cluster)?.reason == "submitter_threshold_not_met")
        let bad = try thief.transaction(signatures: [KeySignature(key: key.publicKey, signature: key.signature(for: [1]))])
        #expect(await reason(bad, at: cluster)?.reason == "bad_signature")
        #expect(try await cluster.client.resolve(agent).record.head == head)
      }
    }

    @Test("The transactions of a batch succeed and fail one by one") func mixedBatch() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let good = try cluster.enrolment()
        let bad = try cluster.transaction(
          good.operations, keys: [.generate()], by: Signatory(cluster.network.registrar.did, keys: [.generate()]))
        let other = try cluster.enrolment()
        let outcomes = try await cluster.client.submit([good, bad, other])
        guard case .final(let first) = outcomes[0], case .refused(let refusal) = outcomes[1], case .final(let last) = outcomes[2] else {
          Issue.record("\(outcomes)")
          return
        }
        #expect(refusal.reason == "submitter_threshold_not_met")
        #expect(first.index != last.index)
      }
    }

    @Test("A transaction that nobody waits for is final soon") func noWait() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let transaction = try cluster.enrolment()
        let outcomes = try await cluster.client.submit([transaction], wait: .noWait)
        #expect(outcomes == [.accepted(transactionID: transaction.id)])
        try await cluster.waitUntil { (try? await cluster.client.transaction(transaction.id)) != nil }
      }
    }

    @Test("Of two updates of one version exactly one wins, and nobody gives up a view over the other") func conflict() async throws {
      var options = LocalCluster.Options.quick
      options.parameters.heartbeatMilliseconds = 1000
      options.leaderTimeoutMilliseconds = 5000
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        let key = SigningKey.generate()
        let agent = try await cluster.register(key: key)
        let owner = Signatory(agent, keys: [key])
        var clients: [CairnClient] = []
        for index in 0..<4 { clients.append(try cluster.client(of: index)) }
        for _ in 0..<6 {
          // A node that is behind would call an update of the newest version one of the future.
          try await cluster.waitUntilLevel()
          let head = try await cluster.client.freshResolution(of: agent).resolved?.record.head
          guard let head else { break }
          let rivals = try (0..<4).map { number in
            var document = DIDDocument.signing(with: key.publicKey)
            document.alsoKnownAs = ["https://example.com/\(number)"]
            let operation = try LedgerOperation.update(agent, after: head, document: document, network: cluster.network.genesis.network)
            return try cluster.transaction([operation], keys: [key], by: owner)
          }
          let results = await withTaskGroup(of: String.self) { group in
            for (client, rival) in zip(clients, rivals) {
              group.addTask {
                do throws(CairnError) {
                  _ = try await client.submit(rival)
                  return "final"
                } catch {
                  return error.reason
                }
              }
            }
            return await group.reduce(into: []) { $0.append($1) }
          }
          #expect(results.sorted() == ["final", "stale", "stale", "stale"])
        }
        for client in clients { await client.close() }
        try await cluster.waitForBlocks(3)
        for index in 0..<4 {
          let status = try await cluster.status(of: index)
          #expect(status?.leaderTimeouts == 0)
          try await cluster.waitUntil { try await cluster.status(of: index)?.pendingTransactions == 0 }
        }
        try await cluster.expectAgreement()
      }
    }

    private func reason(_ transaction: Transaction, at cluster: LocalCluster) async -> Refusal? {
      do throws(CairnError) {
        _ = try await cluster.client.submit(transaction)
      } catch {
        if case .refused(let refusal) = error { return refusal }
      }
      return nil
    }
  }
}
