import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnPolicy
import CairnProtocol
import Foundation
import SwiftProtobuf
import Testing

/// A world of credentials with a contract.
extension CredentialWorld {
  static func withContract() async throws -> CredentialWorld {
    let world = try await CredentialWorld.start()
    try world.change { try $0.deploy(TestChain.toolsPolicies) }
    return world
  }

  /// Asks whether the agent may use the shop.
  func ask(
    _ client: CairnClient, credentials: [[UInt8]]? = nil, asserted: [UInt8] = [], maximumAgeMilliseconds: UInt64 = 10_000
  ) async throws -> Authorization {
    try await client.authorize(
      agent, "use", on: "shop", contract: TestChain.tools, credentials: try credentials ?? [credential().bytes], asserted: asserted,
      maximumAgeMilliseconds: maximumAgeMilliseconds)
  }
}

@Suite struct AuthorizeTests {
  @Test func allowsWhatTheContractPermits() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    let authorization = try await world.ask(client)
    #expect(authorization.isAllowed && authorization.decision.policies == ["use"])
    #expect(authorization.decision.contract?.version == 1)
    #expect(authorization.header?.header == world.test.shared.chain.newest.header)
    await world.test.stop(client)
  }

  @Test func deniesWithTheReasonOfTheGuardOrThePolicies() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    #expect(try await world.ask(client, credentials: []).decision.refusals == [.notPermitted])
    let other = try await client.authorize(world.agent, "use", on: "shop", contract: "other")
    #expect(other.decision.refusals.map(\.reason) == ["unknown_contract"])
    let stranger = try world.test.shared.chain.creation("carol").subject
    #expect(try await client.authorize(stranger, "use", on: "shop", contract: TestChain.tools).decision.refusals == [.unknownDID(stranger)])
    await world.test.stop(client)
  }

  @Test func aRevocationIsSeenAtOnce() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    let credential = try world.credential().bytes
    #expect(try await world.ask(client, credentials: [credential]).isAllowed)
    try world.change { try $0.update("cards", set: [7]) }
    #expect(try await world.ask(client, credentials: [credential]).decision.refusals == [.credential(at: 0, .revoked)])
    await world.test.stop(client)
  }

  @Test func checksTheAgentsSignature() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    let request = try AccessRequest(
      network: client.network, principal: world.agent, action: "use", resource: "shop", contract: TestChain.tools,
      credentials: [world.credential().bytes], challenge: "once")
    #expect(try await client.authorize(request).decision.refusals == [.credential(at: 0, .wrongChallenge)])
    let signature = request.signature(by: TestChain.key("agent document"))
    #expect(try await client.authorize(request, signature: signature).isAllowed)
    let foreign = request.signature(by: TestChain.key("agent"))
    #expect(try await client.authorize(request, signature: foreign).decision.refusals == [.wrongKey])
    let wrong = KeySignature(key: signature.key, signature: foreign.signature)
    #expect(try await client.authorize(request, signature: wrong).decision.refusals == [.badSignature])
    await world.test.stop(client)
  }

  /// The text of a contract travels once; which version is in force is proven every time.
  @Test func theContractIsSentOnlyWhenItIsNew() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    func sent(_ authorization: Authorization) throws -> Bool {
      try !ProtoAuthorizeAnswer(serializedBytes: ProtoProven(serializedBytes: authorization.proof).payload).contract.isEmpty
    }
    #expect(try sent(await world.ask(client)))
    #expect(try !sent(await world.ask(client)))
    try world.change { try $0.deploy("@id(\"more\") permit(principal, action, resource);") }
    let authorization = try await world.ask(client, credentials: [])
    #expect(try sent(authorization) && authorization.decision.policies == ["more"] && authorization.decision.contract?.version == 2)
    await world.test.stop(client)
  }

  @Test func deniesWhenNobodyProvesARecentState() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    let time = world.test.shared.chain.newest.header.timeMilliseconds
    world.test.clock.set(unixMilliseconds: time + 10_000)
    #expect(try await world.ask(client).isAllowed)
    world.test.clock.set(unixMilliseconds: time + 10_001)
    let late = try await world.ask(client)
    #expect(late.decision.refusals == [.staleHeader(ageMilliseconds: 10_001)] && late.header == nil && !late.isAllowed)
    #expect(try await world.ask(client, maximumAgeMilliseconds: 10_001).isAllowed)
    await world.test.stop(client)
  }

  @Test func recordsADecisionAndChecksItsReceiptOffline() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    let key = TestChain.key("agent document")
    let asserted = AccessRequest.encode(try #require(CedarRecord([CedarRecord.Field("environment", .string("test"))])))
    let request = try client.recordableRequest(
      world.agent, "use", on: "shop", contract: TestChain.tools, credentials: [world.credential().bytes], asserted: asserted)
    let receipt = try await client.record(
      request, signature: request.signature(by: key), by: Signatory(world.agent, keys: [TestChain.key("agent")]))
    #expect(receipt.record.isAllowed && receipt.record.principal == world.agent)
    let now = receipt.record.moment.milliseconds
    let read = try AccessReceipt(decoding: receipt.bytes)
    var demand = AccessReceipt.Demand(
      action: "use", resource: "shop", contract: TestChain.tools, asserted: asserted,
      bearer: .signature(read.possession(of: key, challenge: [1, 2]), challenge: [1, 2]))
    try read.verify(demand, anchor: client.anchor, now: now)
    try read.verify(demand, anchor: client.anchor, now: now + 59_999)
    #expect(throws: AccessReceiptError.expired(atMilliseconds: now + 60_000)) {
      try read.verify(demand, anchor: client.anchor, now: now + 60_000)
    }
    func refusal(_ change: (inout AccessReceipt.Demand) -> Void) -> AccessReceiptError? {
      var changed = demand
      change(&changed)
      do {
        try read.verify(changed, anchor: client.anchor, now: now)
        return nil
      } catch { return error }
    }
    #expect(refusal { $0.action = "read" } == .otherAction)
    #expect(refusal { $0.resource = "bank" } == .otherResource)
    #expect(refusal { $0.contract = "other" } == .otherContract)
    #expect(refusal { $0.oldestVersion = 2 } == .oldContract(version: 1))
    #expect(refusal { $0.asserted = [] } == .otherContext)
    #expect(refusal { $0.bearer = .key(TestChain.key("agent").publicKey) } == .otherBearer)
    #expect(refusal { $0.bearer = .key(key.publicKey) } == nil)
    demand.bearer = .signature(read.possession(of: key, challenge: [1, 2]), challenge: [2, 1])
    #expect(refusal { _ in } == .otherBearer)
    await world.test.stop(client)
  }

  @Test func aRecordedDenialIsNoCapability() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    let key = TestChain.key("agent document")
    let request = try client.recordableRequest(world.agent, "use", on: "shop", contract: TestChain.tools)
    let receipt = try await client.record(
      request, signature: request.signature(by: key), by: Signatory(world.agent, keys: [TestChain.key("agent")]))
    let demand = AccessReceipt.Demand(action: "use", resource: "shop", contract: TestChain.tools, bearer: .key(key.publicKey))
    #expect(throws: AccessReceiptError.denied(["not_permitted"])) {
      try receipt.verify(demand, anchor: client.anchor, now: receipt.record.moment.milliseconds)
    }
    let again = await failure { () async throws(CairnError) in
      try await client.record(request, signature: request.signature(by: key), by: Signatory(world.agent, keys: [TestChain.key("agent")]))
    }
    #expect(again?.reason == "replayed")
    let never = await failure { () async throws(CairnError) in try await client.receipt(of: .sha256([9])) }
    #expect(never?.reason == "unrecorded_access")
    await world.test.stop(client)
  }

  @Test func aReceiptThatWasChangedProvesNothing() async throws {
    let world = try await CredentialWorld.withContract()
    let client = try world.test.client()
    let key = TestChain.key("agent document")
    let request = try client.recordableRequest(world.agent, "use", on: "shop", contract: TestChain.tools)
    let receipt = try await client.record(
      request, signature: request.signature(by: key), by: Signatory(world.agent, keys: [TestChain.key("agent")]))
    var proven = try ProtoProven(serializedBytes: receipt.bytes)
    var record = try ProtoRecordedAccess(serializedBytes: proven.payload)
    record.decision.allowed = true
    record.decision.reasons = []
    proven.payload = Data(Canonical.encode(record))
    let forged = try AccessReceipt(decoding: Canonical.encode(proven))
    let demand = AccessReceipt.Demand(action: "use", resource: "shop", contract: TestChain.tools, bearer: .key(key.publicKey))
    #expect(forged.record.isAllowed)
    #expect(throws: AccessReceiptError.unproven(.wrongRecord)) {
      try forged.verify(demand, anchor: client.anchor, now: receipt.record.moment.milliseconds)
    }
    proven.clearCertificate()
    let uncertified = try AccessReceipt(decoding: Canonical.encode(proven))
    #expect(throws: AccessReceiptError.unproven(.proof(.missingCertificate))) {
      try uncertified.verify(demand, anchor: client.anchor, now: receipt.record.moment.milliseconds)
    }
    await world.test.stop(client)
  }
}

/// One way to grant, or to answer, what is not so.
struct AccessLie: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// As which it is reported.
  let reason: String
  let change: @Sendable (inout ProtoProven, CredentialWorld) throws -> Void

  static func answer(
    _ description: String, _ reason: String, _ change: @escaping @Sendable (inout ProtoAuthorizeAnswer, inout ProtoProven) throws -> Void
  ) -> AccessLie {
    AccessLie(testDescription: description, reason: reason) { proven, _ in
      var answer = try ProtoAuthorizeAnswer(serializedBytes: proven.payload)
      try change(&answer, &proven)
      proven.payload = try answer.serializedData()
    }
  }

  private static func grant(_ answer: inout ProtoAuthorizeAnswer) {
    answer.decision.allowed = true
    answer.decision.reasons = []
    answer.decision.policies = ["use"]
  }

  /// The credential is revoked, so that the honest answer is no.
  static let all: [AccessLie] = [
    answer("a decision that the rows deny", "other_decision") { answer, _ in grant(&answer) },
    answer("another reason", "other_decision") { answer, _ in answer.decision.reasons = ["forbidden"] },
    answer("another version of the contract", "other_decision") { answer, _ in answer.decision.contractVersion = 2 },
    answer("without the chunk that has the revocation", "missing_row") { answer, proven in
      grant(&answer)
      answer.records.removeLast()
      proven.state.removeLast()
    },
    answer("the chunk's absence, by another row", "bad_proof") { answer, proven in
      grant(&answer)
      answer.records[answer.records.count - 1] = Data()
      proven.state[proven.state.count - 1] = proven.state[0]
    },
    answer("the chunk without its record", "record_hash_mismatch") { answer, _ in
      grant(&answer)
      answer.records[answer.records.count - 1] = Data()
    },
    answer("a chunk of clear bits", "record_hash_mismatch") { answer, _ in
      grant(&answer)
      var chunk = try ProtoStatusChunk(serializedBytes: answer.records[answer.records.count - 1])
      chunk.bits = Data(count: 256)
      answer.records[answer.records.count - 1] = try chunk.serializedData()
    },
    answer("a contract that permits everything", "wrong_contract") { answer, _ in
      grant(&answer)
      var version = try ProtoContractVersion(serializedBytes: answer.contract)
      version.policies = "@id(\"use\") permit(principal, action, resource);"
      answer.contract = try version.serializedData()
    },
    answer("no contract", "wrong_contract") { answer, _ in answer.contract = Data() },
    answer("a row that nobody asked for", "superfluous_row") { answer, proven in
      answer.records.append(answer.records[0])
      proven.state.append(proven.state[0])
    },
    answer("rows in another order", "bad_proof") { answer, proven in
      answer.records.swapAt(0, 1)
      proven.state.swapAt(0, 1)
    },
    AccessLie(testDescription: "the state before the revocation, under the newest header", reason: "bad_proof") { proven, world in
      let chain = world.test.shared.chain
      var request = ProtoAuthorizeRequest()
      request.request = Data(try world.shopRequest().bytes)
      let old = try chain.authorization(request, at: chain.blocks.count - 2)
      (proven.state, proven.payload) = (old.state, old.payload)
    },
  ]
}

extension CredentialWorld {
  func shopRequest() throws -> AccessRequest {
    try AccessRequest(
      network: test.shared.chain.network, principal: agent, action: "use", resource: "shop", contract: TestChain.tools,
      credentials: [credential().bytes])
  }
}

@Suite struct LyingAuthorizationTests {
  /// The agent's credential is revoked in the newest block.
  private func world(nodes: Int = 1) async throws -> CredentialWorld {
    let world = try await CredentialWorld.start(nodes: nodes)
    try world.change { chain in
      try chain.deploy(TestChain.toolsPolicies)
      try chain.update("cards", set: [7])
    }
    return world
  }

  @Test(arguments: AccessLie.all) func aLieIsNoGrant(lie: AccessLie) async throws {
    let world = try await world()
    world.test.node.behave(.lie { try lie.change(&$0, world) }, on: .authorize)
    let client = try world.test.client()
    let request = try world.shopRequest()
    let error = await failure { () async throws(CairnError) in try await client.authorize(request) }
    #expect(error?.endpointReasons == [lie.reason])
    await world.test.stop(client)
  }

  /// An honest node beside the liar gives the true answer: no.
  @Test func anotherNodeIsAsked() async throws {
    let world = try await world(nodes: 2)
    world.test.node.behave(.lie { try AccessLie.all[0].change(&$0, world) }, on: .authorize)
    let client = try world.test.client()
    let authorization = try await client.authorize(world.shopRequest())
    #expect(authorization.decision.refusals == [.credential(at: 0, .revoked)])
    #expect(world.test.problems.reasons == ["other_decision"])
    await world.test.stop(client)
  }

  /// A node that stays at the block before the revocation: once the client knows a newer one, or the bound has passed, it is worth nothing.
  @Test func anOldHeaderGrantsOnlyWithinTheBound() async throws {
    let world = try await world()
    let blocks = world.test.shared.chain.blocks
    world.test.node.stay(at: blocks.count - 2)
    world.test.clock.set(unixMilliseconds: blocks[blocks.count - 2].header.timeMilliseconds + 10_000)
    let client = try world.test.client()
    #expect(try await client.authorize(world.shopRequest()).isAllowed)
    world.test.clock.set(unixMilliseconds: blocks[blocks.count - 2].header.timeMilliseconds + 10_001)
    let late = try await client.authorize(world.shopRequest())
    #expect(late.decision.refusals.map(\.reason) == ["stale_header"])
    let informed = try world.test.client()
    world.test.clock.set(unixMilliseconds: world.test.shared.chain.newest.header.timeMilliseconds)
    world.test.node.stay(at: nil)
    _ = try await informed.checkpoint()
    world.test.node.stay(at: blocks.count - 2)
    let error = await failure { () async throws(CairnError) in try await informed.checkpoint() }
    #expect(error != nil)
    let back = await failure { () async throws(CairnError) in
      try await informed.authorize(world.agent, "use", on: "shop", contract: TestChain.tools)
    }
    #expect(back?.endpointReasons == ["went_back"])
    await informed.close()
    await world.test.stop(client)
  }

  /// The honest node allows; a liar can only make it look like a denial, and is not believed either.
  @Test func aFalseDenialIsNoAnswer() async throws {
    let world = try await CredentialWorld.withContract()
    world.test.node.behave(
      .lie { proven in
        var answer = try ProtoAuthorizeAnswer(serializedBytes: proven.payload)
        answer.decision.allowed = false
        answer.decision.reasons = ["not_permitted"]
        proven.payload = try answer.serializedData()
      }, on: .authorize)
    let client = try world.test.client()
    let request = try world.shopRequest()
    let error = await failure { () async throws(CairnError) in try await client.authorize(request) }
    #expect(error?.endpointReasons == ["other_decision"])
    await world.test.stop(client)
  }
}
