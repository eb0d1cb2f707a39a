import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import Testing

@Suite("Overdue audits, from events", .timeLimit(.minutes(1))) struct AuditWatchTests {
  private struct Seen: Equatable {
    let contract: String
    let height: UInt64
  }

  private static let month = ContractRecord.auditIntervalMilliseconds

  /// Deployed at 4, overdue at 7, attested at 9, overdue again at 11, frozen at 12.
  private func start() async throws -> Fixture {
    let test = try await Fixture.start()
    try test.shared.change { chain in
      try chain.deploy(TestChain.toolsPolicies)
      try chain.append(laterMilliseconds: 1_000)
      try chain.append(laterMilliseconds: Self.month - 1_000)
      try chain.append(laterMilliseconds: 1)
      try chain.append()
      let hash = try #require(try chain.newest.state.contract(TestChain.toolsID)).hash
      try chain.append(.attest(TestChain.toolsID, hash: hash, network: chain.network), by: chain.guardian)
      try chain.append(laterMilliseconds: Self.month)
      try chain.append()
      try chain.append(.freeze(TestChain.toolsID, network: chain.network), by: chain.guardian)
      try chain.append()
    }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    return test
  }

  private func overdue(
    _ client: CairnClient, after height: UInt64, to last: UInt64, contracts: [ContractID]? = nil
  ) async throws -> [Seen] {
    var watch = AuditWatch(client, contracts: contracts)
    var seen: [Seen] = []
    for try await block in client.events(after: EventPosition(height: height)) {
      for overdue in try await watch.overdue(with: block) {
        #expect(overdue.header == block.header && overdue.record.isAuditOverdue(at: block.header.timeMilliseconds))
        #expect(overdue.provenBy.contract.record == overdue.record)
        seen.append(Seen(contract: overdue.contract.name, height: block.header.height))
      }
      if block.header.height == last { break }
    }
    return seen
  }

  @Test("It is seen with the first block after the date, wherever one begins to follow") func everywhere() async throws {
    let test = try await start()
    let client = try test.client()
    let newest = test.shared.chain.newest.header.height
    #expect(newest == 13)
    let all = [Seen(contract: "tools", height: 7), Seen(contract: "tools", height: 11)]
    for height in 0..<newest {
      let seen = try await overdue(client, after: height, to: newest, contracts: [TestChain.toolsID])
      #expect(seen == all.filter { $0.height > height }, "after \(height)")
    }
    await test.stop(client)
  }

  @Test("Who follows everything needs no names, and asks a node only when a date may have passed") func unnamed() async throws {
    let test = try await start()
    let client = try test.client()
    let seen = try await overdue(client, after: 0, to: 13)
    #expect(seen.map(\.height) == [7, 11])
    // After the deployment, at the date, after the attestation, at the second date, and after the freeze.
    #expect(test.node.count(.contract) == 5)
    #expect(try await overdue(client, after: 4, to: 8).isEmpty)
    await test.stop(client)
  }

  @Test("A contract that does not exist, or is retired, is not overdue") func nothing() async throws {
    let test = try await start()
    try test.shared.change { chain in
      try chain.append(.retire(TestChain.toolsID, network: chain.network), by: chain.author)
      try chain.append(laterMilliseconds: 2 * Self.month)
    }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    let client = try test.client()
    let other = try #require(ContractID("other"))
    #expect(try await overdue(client, after: 11, to: 15, contracts: [TestChain.toolsID, other]).isEmpty)
    await test.stop(client)
  }

  @Test("A node cannot make an audit overdue that is not") func lie() async throws {
    let test = try await start()
    let client = try test.client()
    test.node.behave(.lie { $0.payload[60] ^= 1 }, on: .contract)
    await #expect(throws: CairnError.self) { try await overdue(client, after: 4, to: 13, contracts: [TestChain.toolsID]) }
    await test.stop(client)
  }
}
