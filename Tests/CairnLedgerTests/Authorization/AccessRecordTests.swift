import CairnCrypto
import CairnIdentity
import CairnPolicy
import Testing

@testable import CairnLedger

/// What a block decides and keeps, on a real state with a deployed contract.
@Suite struct AccessRecordTests {
  /// The agent of key 21, and the contract `tools`, deployed.
  struct Recorder {
    var access: AccessWorld
    var nonce = 0

    init() throws {
      access = try AccessWorld()
      try access.deploy()
    }

    mutating func request(
      _ action: String = "tool:search", on resource: String = "web", credentials: [[UInt8]]? = nil, asserted: String = "",
      notAfter: UInt64? = nil, validity: UInt32? = nil
    ) throws -> AccessRequest {
      nonce += 1
      return try AccessRequest(
        network: access.world.network, principal: access.agent, action: action, resource: resource, contract: AccessWorld.contract,
        asserted: Array(asserted.utf8), credentials: try credentials ?? [access.credential()], nonce: sixteen(nonce),
        notAfterMilliseconds: notAfter ?? access.world.state.timeMilliseconds + 60_000, validityMilliseconds: validity)
    }

    func operation(_ request: AccessRequest, key number: Int = 21) throws -> LedgerOperation {
      try .recordAccess(request, signature: request.signature(by: key(number)), network: access.world.network)
    }

    /// In a block of its own, submitted by the agent.
    mutating func record(_ request: AccessRequest, key number: Int = 21) throws -> RecordedAccess {
      let operation = try operation(request, key: number)
      try access.world.commit(access.world.transaction([operation], by: access.agent, signers: [21], nonce: nonce))
      return try #require(try recorded(request))
    }

    func recorded(_ request: AccessRequest) throws -> RecordedAccess? {
      try access.world.state.record(forKey: RecordedAccess.stateKey(request.id)).map { try RecordedAccess(decoding: $0) }
    }

    mutating func refusal(of request: AccessRequest, key number: Int = 21) throws -> String? {
      do {
        _ = try record(request, key: number)
        return nil
      } catch let error as TransactionError {
        #expect(try recorded(request) == nil)
        return error.reason
      }
    }
  }

  @Test func recordsWhatIsAllowed() throws {
    var recorder = try Recorder()
    let request = try recorder.request(asserted: "{\"environment\":\"test\"}")
    let record = try recorder.record(request)
    #expect(record.isAllowed && record.reasons.isEmpty && record.policies == ["search"])
    #expect(record.request == request.id && record.principal == recorder.access.agent && record.key == key(21).publicKey)
    #expect(record.action == "tool:search" && record.resource == "web")
    #expect(record.context == AccessRequest.contextDigest(of: Array("{\"environment\":\"test\"}".utf8)))
    #expect(record.contract.id == "tools" && record.contract.version == 1)
    #expect(record.moment.milliseconds == recorder.access.world.state.timeMilliseconds)
    #expect(record.expiresMilliseconds == record.moment.milliseconds + 60_000)
    #expect(try RecordedAccess(decoding: record.bytes) == record)
  }

  @Test func recordsWhatThePoliciesDeny() throws {
    var recorder = try Recorder()
    let record = try recorder.record(recorder.request(credentials: []))
    #expect(!record.isAllowed && record.reasons == ["not_permitted"])
  }

  @Test("A block decides as many requests as it can afford, and others find room beside them") func budgetOfABlock() throws {
    var recorder = try Recorder()
    let asserted = "{\"environment\":\"\(String(repeating: "x", count: 15_000))\"}"
    var block = BlockExecution(
      on: recorder.access.world.state, timeMilliseconds: recorder.access.world.state.timeMilliseconds + 1_000)
    func transaction() throws -> Authorized<Transaction> {
      let operation = try recorder.operation(recorder.request(credentials: [], asserted: asserted))
      return try recorder.access.world.transaction([operation], by: recorder.access.agent, signers: [21], nonce: recorder.nonce)
    }
    let affordable = BlockSpending.requestByteLimit / 15_400
    for _ in 0..<affordable { try block.apply(transaction()) }
    let next = try transaction()
    #expect(throws: TransactionError.blockFull) { try block.apply(next) }
    #expect(block.hasRoom(for: next.value))
    try block.apply(recorder.access.world.transaction([recorder.access.world.create(90)], signers: [1, 90]))
    #expect(block.count == affordable + 1)
    // In the next block there is room again.
    _ = try recorder.access.world.execute([next])
  }

  @Test func aRequestMayAskForLess() throws {
    var recorder = try Recorder()
    let record = try recorder.record(recorder.request(validity: 5_000))
    #expect(record.expiresMilliseconds == record.moment.milliseconds + 5_000)
    #expect(throws: AccessRefusal.malformed("valid_ms")) { try recorder.request(validity: 60_001) }
  }

  @Test func refusesTheSameRequestASecondTime() throws {
    var recorder = try Recorder()
    let request = try recorder.request()
    let first = try recorder.record(request)
    #expect(throws: TransactionError.operation(0, .access(.replayed))) { try recorder.record(request) }
    #expect(try recorder.recorded(request) == first)
    // Nor twice in one transaction.
    let other = try recorder.operation(recorder.request())
    #expect(throws: TransactionError.operation(1, .access(.replayed))) {
      try recorder.access.world.commit(recorder.access.world.transaction([other, other], by: recorder.access.agent, signers: [21]))
    }
    #expect(try recorder.refusal(of: recorder.request()) == nil)
  }

  @Test func refusesWhatIsLateAndWhatIsEarly() throws {
    var recorder = try Recorder()
    let now = recorder.access.world.state.timeMilliseconds
    // The next block's time is a second later.
    #expect(try recorder.refusal(of: recorder.request(notAfter: now + 999)) == "expired")
    #expect(try recorder.refusal(of: recorder.request(notAfter: now + 1_000 + 600_001)) == "too_far_ahead")
    #expect(try recorder.refusal(of: recorder.request(notAfter: now + 1_000 + 600_000)) == nil)
  }

  @Test func refusesABadSignatureBeforeAnythingIsExecuted() throws {
    var recorder = try Recorder()
    let request = try recorder.request()
    let other = try recorder.request()
    let operation = try LedgerOperation.recordAccess(
      request, signature: other.signature(by: key(21)), network: recorder.access.world.network)
    #expect(throws: TransactionError.operation(0, .access(.badSignature))) {
      try recorder.access.world.transaction([operation], by: recorder.access.agent, signers: [21])
    }
    #expect(try recorder.refusal(of: request, key: 22) == "wrong_key")
  }

  @Test func guardsKeepARequestOutOfTheLog() throws {
    var recorder = try Recorder()
    let revoked = try recorder.request()
    try recorder.access.world.commitUpdate(AccessWorld.list, set: [5])
    #expect(try recorder.refusal(of: revoked) == "credential_revoked")
    let network = recorder.access.world.network
    try recorder.access.world.commit(
      recorder.access.world.transaction([.freeze(AccessWorld.contractID, network: network)], by: World.author, signers: [321]))
    #expect(try recorder.refusal(of: recorder.request(credentials: [])) == "contract_frozen")
  }

  /// The agent's request is submitted by somebody else, so that it is the guard that stops it.
  @Test func anIsolatedAgentIsRefusedInTheSameBlock() throws {
    var recorder = try Recorder()
    let operation = try recorder.operation(recorder.request())
    let world = recorder.access.world
    let isolation = try world.transaction(
      [.isolate(recorder.access.agent, reason: "test", network: world.network)], by: World.guardian, signers: [301])
    let access = try world.transaction([operation], signers: [1])
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    try execution.apply(isolation)
    #expect(throws: TransactionError.operation(0, .access(.isolated(recorder.access.agent)))) { try execution.apply(access) }
    // Before it, the same is recorded.
    var other = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    try other.apply(access)
    try other.apply(isolation)
  }

  @Test func aRevocationCountsForTheNextTransactionOfTheBlock() throws {
    var recorder = try Recorder()
    let world = recorder.access.world
    let access = try world.transaction([recorder.operation(recorder.request())], signers: [1])
    let revocation = try world.transaction([world.update(AccessWorld.list, set: [5])], signers: [1], nonce: 7)
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    try execution.apply(revocation)
    #expect(throws: TransactionError.operation(0, .access(.credential(at: 0, .revoked)))) { try execution.apply(access) }
  }

  /// Neither many requests nor large ones make a block slow.
  @Test func aBlockHasRoomForSoMuchOnly() throws {
    var recorder = try Recorder()
    let filler = String(repeating: "x", count: 8_000)
    let requests = try (0..<34).map { _ in
      try recorder.request(
        credentials: [], asserted: "{\"environment\":\"\(filler.prefix(4_000))\"}" + String(repeating: " ", count: 4_000))
    }
    let world = recorder.access.world
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    var accepted = 0
    for (number, request) in requests.enumerated() {
      let transaction = try world.transaction([recorder.operation(request)], signers: [1], nonce: number)
      do throws(TransactionError) {
        try execution.apply(transaction)
        accepted += 1
      } catch {
        #expect(error == .blockFull)
      }
    }
    #expect(accepted == (256 << 10) / requests[0].bytes.count)
    // Others still fit.
    try execution.apply(world.transaction([world.create(41)], signers: [1, 41], nonce: 99))
  }

  @Test func whatARecordableRequestNeeds() throws {
    let recorder = try Recorder()
    let plain = try recorder.access.request(credentials: [])
    #expect(throws: OperationError.malformed("nonce")) { try recorder.operation(plain) }
    let timeless = try AccessRequest(
      network: recorder.access.world.network, principal: recorder.access.agent, action: "tool:read", resource: "a", contract: "tools",
      nonce: sixteen(1))
    #expect(throws: OperationError.malformed("not_after_ms")) { try recorder.operation(timeless) }
  }
}

extension AccessWorld {
  /// Puts the contract on the ledger, where ``world`` then has it.
  mutating func deploy() throws {
    let version = try ContractVersion(
      id: Self.contractID, policies: Array(policies.utf8), schema: Array(schema.utf8), owners: [World.author], network: world.network)
    try world.commit(world.transaction([.deploy(version, network: world.network)], by: World.author, signers: [321]))
  }
}
