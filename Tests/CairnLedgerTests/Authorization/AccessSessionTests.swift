import CairnCrypto
import CairnIdentity
import Testing

@testable import CairnLedger

/// Agents that are sessions of a batch, which the registrar controls.
@Suite struct AccessSessionTests {
  /// A world with a batch of three; key 700 + n is the document's of session n.
  private struct SessionWorld {
    var access: AccessWorld
    let list: StatusListID
    let sessions: [SessionDID]
    let batch: SessionBatch
    static let lifetime: UInt64 = 3_600_000

    /// - Parameter isOfAgent: the batch is controlled by the world's agent, whose key is 21, instead of the registrar.
    init(isOfAgent: Bool = false) throws {
      access = try AccessWorld()
      let network = access.world.network
      let controller = isOfAgent ? (did: access.agent, key: 21) : (did: World.registrar, key: 1)
      sessions = try (0..<3).map { index in
        try SessionDID(
          control: Control(update: key(700 + index).publicKey, next: key(800 + index).publicKey, controller: controller.did),
          document: document(700 + index), salt: sixteen(index), network: network)
      }
      batch = try #require(SessionBatch(sessions.map(\.createBytes)))
      let operation = try LedgerOperation.createSessionBatch(
        controller: controller.did, root: batch.root, count: batch.count,
        expiresMilliseconds: access.world.state.timeMilliseconds + Self.lifetime, salt: sixteen(9), revokers: [], network: network)
      list = try #require(operation.kind.list)
      try access.world.commit(access.world.transaction([operation], signers: Array(Set([1, controller.key])).sorted(), nonce: 700))
      access.moment = BlockMoment(height: access.world.state.height, milliseconds: access.world.state.timeMilliseconds)
    }

    func presentation(_ index: Int) throws -> SessionPresentation {
      try #require(batch.presentation(of: sessions[index].createBytes, at: UInt32(index), in: list))
    }

    func request(
      _ index: Int = 1, session: SessionPresentation? = nil, credentials: [[UInt8]] = [], action: String = "tool:read"
    ) throws -> AccessRequest {
      try AccessRequest(
        network: access.world.network, principal: sessions[index].did, action: action, resource: "public/a",
        contract: AccessWorld.contract, credentials: credentials, session: session ?? presentation(index))
    }

    func reasons(_ request: AccessRequest, signer: AccessSigner = .none) throws -> [String] {
      try access.reasons(request, signer: signer)
    }
  }

  @Test func aSessionIsAnAgent() throws {
    let world = try SessionWorld()
    for index in 0..<3 { #expect(try world.access.decide(world.request(index)).isAllowed) }
    let request = try world.request()
    #expect(try AccessRequest(decoding: request.bytes).session == world.presentation(1))
    #expect(try world.access.decide(request, signer: .claimed(request.signature(by: key(701)))).isAllowed)
    #expect(try world.reasons(request, signer: .claimed(request.signature(by: key(700)))) == ["wrong_key"])
    // Without what shows it to be one it is nobody.
    let bare = try world.access.request("tool:read", on: "public/a", by: world.sessions[1].did)
    #expect(try world.reasons(bare) == ["unknown_did"])
  }

  @Test func aSessionShowsItsCredentials() throws {
    let world = try SessionWorld()
    let session = world.sessions[1].did
    let credential = try world.access.unsigned(subject: session).secured(by: world.access.signer(World.registrar, 1)).bytes
    #expect(try world.access.decide(world.request(credentials: [credential], action: "tool:search")).isAllowed)
    #expect(try world.reasons(world.request(2, credentials: [credential], action: "tool:search")) == ["credential_holder_not_bound"])
  }

  @Test func policiesSeeItsAgeAndItsController() throws {
    var world = try SessionWorld()
    world.access.policies = """
      permit(principal, action, resource)
      when {
        principal.ageSeconds == 5 && principal.keyAgeSeconds == 5 && principal has controller &&
        principal.controller in Cairn::Role::"registrar"
      };
      forbid(principal in Cairn::Role::"registrar", action, resource);
      """
    #expect(try world.reasons(world.request()) == ["not_permitted"])
    world.access.moment = BlockMoment(height: 9, milliseconds: world.access.moment.milliseconds + 5_999)
    #expect(try world.access.decide(world.request()).isAllowed)
  }

  @Test func anEndedSessionIsRefused() throws {
    var world = try SessionWorld()
    let start = world.access.moment.milliseconds - 1_000
    world.access.moment = BlockMoment(height: 9, milliseconds: start + SessionWorld.lifetime - 1)
    #expect(try world.access.decide(world.request()).isAllowed)
    world.access.moment = BlockMoment(height: 9, milliseconds: start + SessionWorld.lifetime)
    #expect(try world.reasons(world.request()) == ["session_expired"])
    world.access.moment = BlockMoment(height: 9, milliseconds: start + 1_000)
    try world.access.world.commitUpdate(world.list, set: [1])
    #expect(try world.reasons(world.request(1)) == ["session_revoked"])
    #expect(try world.access.decide(world.request(2)).isAllowed)
  }

  @Test func aControllerThatIsStoppedStopsItsSessions() throws {
    var world = try SessionWorld()
    world.access.isolated = [World.registrar]
    #expect(try world.reasons(world.request()) == ["session_controller_isolated"])
    world.access.isolated = [world.sessions[1].did]
    #expect(try world.access.decide(world.request()).isAllowed)

    var other = try SessionWorld(isOfAgent: true)
    #expect(try other.access.decide(other.request()).isAllowed)
    let agent = other.access.agent
    let end = try LedgerOperation.deactivate(agent, after: other.access.world.head(agent), network: other.access.world.network)
    try other.access.world.commit(other.access.world.transaction([end], signers: [1, 21], nonce: 702))
    #expect(try other.reasons(other.request()) == ["session_controller_deactivated"])
  }

  @Test func whatIsNotOfTheBatchIsRefused() throws {
    let world = try SessionWorld()
    let own = try world.presentation(1)
    func reasons(_ change: (inout (batch: StatusListID, index: UInt32, create: [UInt8], path: [Digest])) -> Void) throws -> [String] {
      var parts = (batch: own.batch, index: own.index, create: own.create, path: own.path)
      change(&parts)
      return try world.reasons(
        world.request(
          session: SessionPresentation(batch: parts.batch, index: parts.index, create: parts.create, path: parts.path)))
    }
    #expect(try reasons { $0.path.removeLast() } == ["session_not_in_batch"])
    #expect(try reasons { $0.index = 0 } == ["session_not_in_batch"])
    #expect(try reasons { $0.index = 3 } == ["session_index_out_of_range"])
    #expect(try reasons { $0.create = Array(world.sessions[0].createBytes) } == ["session_not_in_batch"])
    let other = try LedgerOperation.createSessionBatch(
      controller: World.registrar, root: world.batch.root, count: 3, expiresMilliseconds: 1, salt: sixteen(10), revokers: [],
      network: world.access.world.network)
    let unknown = try #require(other.kind.list)
    #expect(try reasons { $0.batch = unknown } == ["unknown_session_batch"])
    #expect(throws: AccessRefusal.malformed("session")) { try reasons { $0.batch = AccessWorld.list } }
    #expect(try world.reasons(world.request(1, session: world.presentation(2))) == ["other_session"])
  }

  @Test func whoIsEnrolledIsNoSession() throws {
    var world = try SessionWorld()
    let create = try LedgerOperation.create(
      control: Control(update: key(701).publicKey, next: key(801).publicKey, controller: World.registrar), document: document(701),
      salt: sixteen(1), network: world.access.world.network)
    #expect(create.subject == world.sessions[1].did)
    try world.access.world.commit(world.access.world.transaction([create], signers: [1, 701], nonce: 701))
    #expect(try world.reasons(world.request()) == ["session_enrolled"])
    let bare = try world.access.request("tool:read", on: "public/a", by: world.sessions[1].did)
    #expect(try world.access.decide(bare).isAllowed)
  }

  @Test func aBlockRecordsWhatASessionMayDo() throws {
    var world = try SessionWorld()
    try world.access.deploy()
    let state = world.access.world.state
    let request = try AccessRequest(
      network: world.access.world.network, principal: world.sessions[2].did, action: "tool:read", resource: "public/a",
      contract: AccessWorld.contract, nonce: sixteen(3), notAfterMilliseconds: state.timeMilliseconds + 60_000,
      session: world.presentation(2))
    let operation = try LedgerOperation.recordAccess(
      request, signature: request.signature(by: key(702)), network: world.access.world.network)
    try world.access.world.commit(world.access.world.transaction([operation], by: world.access.agent, signers: [21], nonce: 3))
    let bytes = try #require(try world.access.world.state.record(forKey: RecordedAccess.stateKey(request.id)))
    #expect(try RecordedAccess(decoding: bytes).isAllowed)
    // What the same block has done before counts.
    var block = BlockExecution(on: world.access.world.state, timeMilliseconds: world.access.world.state.timeMilliseconds + 1_000)
    try block.apply(
      world.access.world.transaction([world.access.world.update(world.list, set: [2])], signers: [1], nonce: 4))
    let again = try AccessRequest(
      network: world.access.world.network, principal: world.sessions[2].did, action: "tool:read", resource: "public/a",
      contract: AccessWorld.contract, nonce: sixteen(5), notAfterMilliseconds: state.timeMilliseconds + 60_000,
      session: world.presentation(2))
    let second = try LedgerOperation.recordAccess(again, signature: again.signature(by: key(702)), network: world.access.world.network)
    let transaction = try world.access.world.transaction([second], by: world.access.agent, signers: [21], nonce: 5)
    #expect(throws: TransactionError.operation(0, .access(.session(.revoked)))) { try block.apply(transaction) }
  }
}
