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

/// Agents that are sessions ask, and the client decides again by what the node proves.
@Suite struct SessionAuthorizeTests {
  /// A batch of three, anchored by the registrar, and a contract that permits everything.
  private struct SessionWorld {
    let test: Fixture
    let list: StatusListID
    let sessions: [SessionDID]
    let batch: SessionBatch

    static func start() async throws -> SessionWorld {
      let test = try await Fixture.start()
      let chain = test.shared.chain
      let (network, controller) = (chain.network, chain.registrar)
      let sessions = try (0..<3).map { index in
        try SessionDID(
          control: Control(
            update: TestChain.key("session \(index)").publicKey, next: TestChain.key("session \(index) next").publicKey,
            controller: controller.did),
          document: DIDDocument(), salt: [UInt8](repeating: UInt8(index), count: 16),
          network: network)
      }
      let batch = try #require(SessionBatch(sessions.map(\.createBytes)))
      let operation = try LedgerOperation.createSessionBatch(
        controller: controller.did, root: batch.root, count: batch.count,
        expiresMilliseconds: chain.newest.header.timeMilliseconds + 3_600_000, salt: [UInt8](repeating: 9, count: 16), revokers: [],
        network: network)
      let list = try #require(operation.kind.list)
      try test.shared.change { chain in
        try chain.deploy("@id(\"all\") permit(principal, action, resource);")
        try chain.append(operation, by: controller)
      }
      let world = SessionWorld(test: test, list: list, sessions: sessions, batch: batch)
      world.follow()
      return world
    }

    func follow() { test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds) }

    func revoke(_ index: UInt32) throws {
      try test.shared.change { chain in
        try chain.append(.updateStatusList(list, set: [index], network: chain.network), by: chain.registrar)
      }
      follow()
    }

    func ask(_ client: CairnClient, _ index: Int) async throws(CairnError) -> Authorization {
      try await client.authorize(
        sessions[index].did, "use", on: "shop", contract: TestChain.tools,
        session: batch.presentation(of: sessions[index].createBytes, at: UInt32(index), in: list))
    }
  }

  @Test func aSessionIsAllowedUntilItIsRevoked() async throws {
    let world = try await SessionWorld.start()
    let client = try world.test.client()
    for index in 0..<3 {
      let authorization = try await world.ask(client, index)
      #expect(authorization.isAllowed && authorization.decision.policies == ["all"])
    }
    let bare = try await client.authorize(world.sessions[0].did, "use", on: "shop", contract: TestChain.tools)
    #expect(bare.decision.refusals == [.unknownDID(world.sessions[0].did)])
    try world.revoke(1)
    #expect(try await world.ask(client, 1).decision.refusals == [.session(.revoked)])
    #expect(try await world.ask(client, 2).isAllowed)
    await world.test.stop(client)
  }

  @Test func aNodeCannotHideARevocation() async throws {
    let world = try await SessionWorld.start()
    try world.revoke(1)
    let client = try world.test.client()
    func reasons(_ change: @escaping @Sendable (inout ProtoAuthorizeAnswer, inout ProtoProven) throws -> Void) async -> [String]? {
      world.test.node.behave(
        .lie { proven in
          var answer = try ProtoAuthorizeAnswer(serializedBytes: proven.payload)
          (answer.decision.allowed, answer.decision.reasons) = (true, [])
          try change(&answer, &proven)
          proven.payload = try answer.serializedData()
        }, on: .authorize)
      return await failure { () async throws(CairnError) in try await world.ask(client, 1) }?.endpointReasons
    }
    // The rows: the agent's absence, the batch, and the chunk with the bit.
    #expect(await reasons { _, _ in } == ["other_decision"])
    #expect(
      await reasons { answer, proven in
        answer.records.removeLast()
        proven.state.removeLast()
      } == ["missing_row"])
    #expect(await reasons { answer, _ in answer.records[2] = Data() } == ["record_hash_mismatch"])
    #expect(
      await reasons { answer, proven in
        answer.records[2] = Data()
        proven.state[2] = proven.state[0]
      } == ["bad_proof"])
    await world.test.stop(client)
  }
}
