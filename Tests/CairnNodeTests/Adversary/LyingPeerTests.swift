import CairnClient
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnTestKit
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnChain
@testable import CairnNode

/// What a peer may answer to a node that is behind.
enum Lie: String, CaseIterable {
  case otherTransactions, forgedFinalization, otherBlocks, noise
}

extension Clusters {
  @Suite struct LyingPeerTests {
    @Test(
      "A node that is behind is not misled by a peer that lies about the blocks", .serialized,
      arguments: [Lie.otherTransactions, .forgedFinalization])
    func catchingUp(_ lie: Lie) async throws {
      var options = LocalCluster.Options.quick
      options.parameters.heartbeatMilliseconds = 20
      options.leaderTimeoutMilliseconds = 100
      options.absent = [3]
      var script = Impostor.Script()
      script.answer = { core, code, payload in
        guard code == PeerCode.blocks else { return nil }
        core.count += 1
        return Self.answer(core, payload, lie)
      }
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3, script) { impostor in
          try await cluster.waitForBlocks(2)
          await cluster.partition([0], [1, 2, 3])
          let client = try cluster.client(of: 1)
          let enrolments = try (0..<5).map { _ in try cluster.enrolment() }
          _ = try await client.submit(enrolments)
          await client.close()
          try await cluster.waitForBlocks(20)
          // Nobody else can be asked; and as the impostor has no single blocks to give, whole windows are.
          await cluster.partition([0, 3], [1, 2, 3])
          try await cluster.waitUntil { try await impostor.ask(\.count) >= 3 }
          await cluster.heal()
          try await cluster.waitUntilLevel()
          #expect(cluster.failure(of: 0) == nil)
          try await cluster.expectEverywhere(enrolments.map { $0.operations[0].subject })
          try await cluster.expectAgreement()
          try await cluster.expectNoEvidence()
        }
      }
    }

    private static func answer(_ core: ImpostorCore, _ payload: ByteBuffer, _ lie: Lie) -> ByteBuffer {
      guard var (blocks, finalization) = core.window(for: payload) else { return ByteBuffer() }
      switch lie {
      case .otherTransactions: blocks = blocks.map { with([[1, 2, 3]], $0) }
      case .forgedFinalization:
        finalization = Certificate(
          statement: finalization.statement, signatures: finalization.signers.map { ($0, core.sign(finalization.statement).signature) })
      case .otherBlocks: blocks = blocks.map { core.variant(of: $0) { $0.stateRoot = .zero } }
      case .noise: return ByteBuffer(repeating: 0xff, count: 1000)
      }
      var response = ProtoBlocksResponse()
      response.blocks = blocks.map { $0.message(validatorCount: 4) }
      response.finalization = finalization.message(validatorCount: 4)
      return ByteBuffer(bytes: Canonical.encode(response))
    }

    private static func with(_ transactions: [[UInt8]], _ proposal: Proposal) -> Proposal {
      Proposal(
        block: Block(header: proposal.block.header, transactions: transactions), vote: proposal.vote, parent: proposal.parent,
        skips: proposal.skips)
    }
  }
}
