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

/// A contract with two versions that is frozen, and an open proposal to let it go on.
private struct GovernedWorld {
  let test: Fixture
  let proposal: ProposalID

  static func start(nodes: Int = 1) async throws -> GovernedWorld {
    let test = try await Fixture.start(nodes: nodes)
    let proposal = try test.shared.change { chain in
      try chain.deploy(TestChain.toolsPolicies)
      try chain.deploy("@id(\"all\") permit(principal, action, resource);")
      try chain.append(.freeze(TestChain.toolsID, network: chain.network), by: chain.guardian)
      let expires = chain.newest.header.timeMilliseconds + 86_400_000
      let threshold = try LedgerOperation.propose(
        .setParameter(.trusteeThreshold, 2), expiresMilliseconds: expires, salt: [UInt8](repeating: 1, count: 16), network: chain.network)
      try chain.append(threshold, by: chain.operatorSignatory(2))
      let propose = try LedgerOperation.propose(
        .unfreezeContract(TestChain.tools), expiresMilliseconds: expires, salt: [UInt8](repeating: 2, count: 16), network: chain.network)
      try chain.append(propose, by: chain.operatorSignatory(2))
      return try #require(propose.kind.proposal)
    }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    return GovernedWorld(test: test, proposal: proposal)
  }
}

/// One way to answer about contracts or governance what is not so.
private struct GovernanceLie: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let method: CairnMethod
  /// As which it is reported.
  let reason: String
  let change: @Sendable (inout ProtoProven, TestChain) throws -> Void

  static func payload<Message: SwiftProtobuf.Message>(
    _ description: String, _ method: CairnMethod, _ reason: String, _ change: @escaping @Sendable (inout Message, TestChain) throws -> Void
  ) -> GovernanceLie {
    GovernanceLie(testDescription: description, method: method, reason: reason) { proven, chain in
      var answer = try Message(serializedBytes: proven.payload)
      try change(&answer, chain)
      proven.payload = try answer.serializedData()
    }
  }

  /// Changes the record of a contract that is frozen.
  private static func record(_ change: (inout ProtoContractRecord) -> Void, _ answer: inout ProtoContractAnswer) throws {
    var record = try ProtoContractRecord(serializedBytes: answer.record)
    change(&record)
    answer.record = Data(Canonical.encode(record))
  }

  private static func proposal(_ change: (inout ProtoProposalRecord) -> Void, _ answer: inout ProtoProposalAnswer) throws {
    var record = try ProtoProposalRecord(serializedBytes: answer.record)
    change(&record)
    answer.record = Data(Canonical.encode(record))
  }

  private static func older(_ chain: TestChain) throws -> ContractVersion {
    try #require(try chain.newest.state.contractVersion(1, of: TestChain.toolsID))
  }

  static let all: [GovernanceLie] = contract + proposal + governance

  private static let contract: [GovernanceLie] = [
    payload("a frozen contract in force", .contract, "record_hash_mismatch") { (answer: inout ProtoContractAnswer, _) in
      try record({ $0.frozen = false }, &answer)
    },
    payload("a later date of audit", .contract, "record_hash_mismatch") { (answer: inout ProtoContractAnswer, _) in
      try record({ $0.auditDueMs += 1 }, &answer)
    },
    payload("an attestation that nobody gave", .contract, "record_hash_mismatch") { (answer: inout ProtoContractAnswer, chain) in
      try record({ $0.attestation.auditor = chain.guardian.did.description }, &answer)
    },
    payload("no record", .contract, "record_hash_mismatch") { (answer: inout ProtoContractAnswer, _) in answer.record = Data() },
    payload("the version that was replaced", .contract, "contract_hash_mismatch") { (answer: inout ProtoContractAnswer, chain) in
      answer.version = Data(try older(chain).bytes)
    },
    payload("other policies", .contract, "contract_hash_mismatch") { (answer: inout ProtoContractAnswer, _) in
      var version = try ProtoContractVersion(serializedBytes: answer.version)
      version.policies = "forbid(principal, action, resource);"
      answer.version = Data(Canonical.encode(version))
    },
    payload("no version", .contract, "contract_hash_mismatch") { (answer: inout ProtoContractAnswer, _) in answer.version = Data() },
    GovernanceLie(testDescription: "absence of a contract that exists", method: .contract, reason: "bad_proof") { proven, chain in
      var request = ProtoContractRequest()
      request.contract = "other"
      let other = try #require(try chain.contract(request))
      (proven.state, proven.payload) = (other.state, Data())
    },
    GovernanceLie(testDescription: "a contract without proof", method: .contract, reason: "missing_proof") { proven, _ in
      proven.state = []
    },
    GovernanceLie(testDescription: "the contract before the freeze, under the newest header", method: .contract, reason: "bad_proof") {
      proven, chain in
      var request = ProtoContractRequest()
      request.contract = TestChain.tools
      let frozen = try #require(chain.blocks.firstIndex { (try? $0.state.contract(TestChain.toolsID))??.isFrozen ?? false })
      let old = try #require(try chain.contract(request, at: frozen - 1))
      (proven.state, proven.payload) = (old.state, old.payload)
    },
  ]

  private static let proposal: [GovernanceLie] = [
    payload("an open proposal in force", .proposal, "record_hash_mismatch") { (answer: inout ProtoProposalAnswer, _) in
      try proposal({ $0.state = .enacted }, &answer)
    },
    payload("one more approval", .proposal, "record_hash_mismatch") { (answer: inout ProtoProposalAnswer, chain) in
      try proposal({ $0.approvals[0].by = chain.operatorSignatory(3).did.description }, &answer)
    },
    payload("a proposal without its record", .proposal, "record_hash_mismatch") { (answer: inout ProtoProposalAnswer, _) in
      answer.record = Data()
    },
    GovernanceLie(testDescription: "absence of a proposal that exists", method: .proposal, reason: "bad_proof") { proven, chain in
      var request = ProtoProposalRequest()
      request.proposal = Data(Digest.zero.bytes)
      let other = try #require(try chain.proposal(request))
      (proven.state, proven.payload) = (other.state, Data())
    },
  ]

  private static let governance: [GovernanceLie] = [
    payload("a list without the open proposal", .proposals, "record_hash_mismatch") { (answer: inout ProtoProposalsAnswer, _) in
      var record = try ProtoGovernanceRecord(serializedBytes: answer.governance)
      record.open = []
      answer.governance = Data(Canonical.encode(record))
    },
    payload("a trustee too few", .proposals, "record_hash_mismatch") { (answer: inout ProtoProposalsAnswer, _) in
      var record = try ProtoGovernanceRecord(serializedBytes: answer.governance)
      record.trustees.removeLast()
      answer.governance = Data(Canonical.encode(record))
    },
    payload("another threshold", .proposals, "record_hash_mismatch") { (answer: inout ProtoProposalsAnswer, _) in
      var parameters = try ProtoParameters(serializedBytes: answer.parameters)
      parameters.trusteeThreshold = 1
      answer.parameters = Data(Canonical.encode(parameters))
    },
    payload("no constitution", .proposals, "record_hash_mismatch") { (answer: inout ProtoProposalsAnswer, _) in
      answer.constitution = Data()
    },
    GovernanceLie(testDescription: "proofs in another order", method: .proposals, reason: "bad_proof") { proven, _ in
      proven.state.swapAt(0, 1)
    },
    GovernanceLie(testDescription: "a proof too few", method: .proposals, reason: "missing_proof") { proven, _ in
      proven.state.removeLast()
    },
  ]

  /// Asks for what the lie is about.
  func ask(_ client: CairnClient, _ proposal: ProposalID) async throws(CairnError) {
    switch method {
    case .contract: _ = try await client.contract(TestChain.toolsID)
    case .proposal: _ = try await client.proposal(proposal)
    default: _ = try await client.governance()
    }
  }
}

@Suite("Nodes that lie about contracts and governance", .timeLimit(.minutes(1)))
struct LyingGovernanceTests {
  @Test("What an honest node says is believed") func honest() async throws {
    let world = try await GovernedWorld.start()
    let client = try world.test.client()
    let contract = try await client.contract(TestChain.toolsID).contract
    #expect(contract.newest.isFrozen && contract.version.version == 2)
    #expect(try await client.contract(TestChain.toolsID, at: .version(1)).contract.version.version == 1)
    let before = try await client.contract(TestChain.toolsID, at: .time(milliseconds: contract.newest.updatedMilliseconds - 1)).contract
    #expect(!before.record.isFrozen && before.version == contract.version)
    let unknown = try #require(ContractID("other"))
    let other = await failure { () async throws(CairnError) in try await client.contract(unknown) }
    #expect(other?.reason == "unknown_contract")
    let proposal = try #require(try await client.proposal(world.proposal).proposal)
    #expect(proposal.state == .open && proposal.approvals.count == 1)
    let governance = try await client.governance().governance
    #expect(governance.open.map(\.id) == [world.proposal] && governance.parameters.trusteeThreshold == 2)
    #expect(try await client.proposal(#require(ProposalID(Data(Digest.zero.bytes)))).proposal == nil)
    await world.test.stop(client)
  }

  @Test("A lie is refused with its reason, and the next node asked", arguments: GovernanceLie.all)
  fileprivate func refused(lie: GovernanceLie) async throws {
    let world = try await GovernedWorld.start(nodes: 2)
    let client = try world.test.client()
    world.test.node.behave(.lie { try lie.change(&$0, world.test.shared.chain) }, on: lie.method)
    try await lie.ask(client, world.proposal)
    #expect(world.test.problems.reasons == [lie.reason])
    world.test.nodes[1].node.behave(.lie { try lie.change(&$0, world.test.shared.chain) }, on: lie.method)
    let error = await failure { () async throws(CairnError) in try await lie.ask(client, world.proposal) }
    #expect(error?.endpointReasons == [lie.reason, lie.reason])
    await world.test.stop(client)
  }

  @Test("An old header proves nothing about now", arguments: [CairnMethod.contract, .proposal, .proposals])
  func stale(method: CairnMethod) async throws {
    let world = try await GovernedWorld.start()
    let client = try world.test.client()
    let lie = GovernanceLie(testDescription: "", method: method, reason: "") { _, _ in }
    try await lie.ask(client, world.proposal)
    world.test.node.stay(at: world.test.shared.chain.blocks.count - 2)
    let back = await failure { () async throws(CairnError) in try await lie.ask(client, world.proposal) }
    #expect(back?.endpointReasons == ["went_back"])
    world.test.node.stay(at: nil)
    world.test.clock.advance(milliseconds: 15_001)
    let late = await failure { () async throws(CairnError) in try await lie.ask(client, world.proposal) }
    #expect(late?.endpointReasons == ["stale"])
    await world.test.stop(client)
  }

  @Test("The past of a contract cannot be changed either") func past() async throws {
    let world = try await GovernedWorld.start()
    let client = try world.test.client()
    let chain = world.test.shared.chain
    let newest = try #require(try chain.newest.state.contract(TestChain.toolsID))
    func reason(at selector: ContractSelector, _ change: @escaping @Sendable (inout ProtoContractAnswer) throws -> Void) async -> [String]?
    {
      world.test.node.behave(
        .lie { proven in
          var answer = try ProtoContractAnswer(serializedBytes: proven.payload)
          try change(&answer)
          proven.payload = try answer.serializedData()
        }, on: .contract)
      return await failure { () async throws(CairnError) in try await client.contract(TestChain.toolsID, at: selector) }?.endpointReasons
    }
    let before = ContractSelector.time(milliseconds: newest.updatedMilliseconds - 1)
    #expect(
      await reason(at: before) { answer in
        var record = try ProtoContractRecord(serializedBytes: answer.earlier.record)
        record.frozen = true
        answer.earlier.record = Data(Canonical.encode(record))
      } != nil)
    // The newest in place of the one that held.
    #expect(await reason(at: before) { $0.clearEarlier() } != nil)
    #expect(await reason(at: before) { $0.earlier.index -= 1 } != nil)
    let first = try #require(try chain.newest.state.contractVersion(1, of: TestChain.toolsID)).bytes
    #expect(await reason(at: .version(2)) { $0.version = Data(first) } == ["contract_hash_mismatch"])
    await world.test.stop(client)
  }
}
