import CairnChain
import CairnClient
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnTestKit
import Testing

@testable import CairnNode

extension Clusters {
  @Suite struct FaultyLeaderTests {
    /// Three real nodes, and quick to give up on the fourth.
    private var options: LocalCluster.Options {
      var options = LocalCluster.Options.quick.changing { _, configuration in
        configuration.timers.leaderMilliseconds = 300
        configuration.timers.certificateMilliseconds = 300
        configuration.timers.retryMilliseconds = 300
      }
      options.absent = [3]
      return options
    }

    @Test("A leader that proposes two blocks in one view is convicted, and the others agree") func equivocation() async throws {
      var script = Impostor.Script()
      script.say = { core, message, recipients in
        guard case .proposal(let proposal) = message else { return core.send(message, recipients) }
        let other = core.variant(of: proposal) { $0.timeMilliseconds += 1 }
        core.send(message, to: [0])
        core.send(.proposal(other), to: [1, 2])
        for vote in [proposal.vote, other.vote].compactMap(\.self) { core.send(.vote(vote), to: [0, 1, 2]) }
        core.count += 1
      }
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3, script) { impostor in
          try await cluster.waitUntil { try await impostor.ask(\.count) >= 2 }
          for index in 0..<3 {
            try await cluster.waitUntil { try await cluster.status(of: index)?.evidence.isEmpty == false }
            let bytes = try #require(try await cluster.status(of: index)?.evidence.first)
            let evidence = try Evidence(decoding: [UInt8](bytes))
            let genesis = cluster.network.genesis
            let verifier = ConsensusVerifier(network: genesis.network, epoch: 0, validators: genesis.validators)
            #expect(try verifier.verify(evidence).value.validator == 3)
          }
          let agent = try await cluster.register(key: .generate())
          try await cluster.expectEverywhere([agent])
          try await cluster.expectAgreement()
          await cluster.stop(node: 1)
          try await cluster.restart(node: 1)
          #expect(try await cluster.status(of: 1)?.evidence.isEmpty == false)
        }
      }
    }

    private static let faults: [@Sendable (ImpostorCore, Proposal) -> Proposal] = [
      { core, proposal in core.variant(of: proposal) { $0.stateRoot = .sha256([1]) } },
      { core, proposal in core.variant(of: proposal) { $0.logRoot = .sha256([1]) } },
      { core, proposal in core.variant(of: proposal) { $0.logSize += 1 } },
      { core, proposal in core.variant(of: proposal) { $0.parent = .sha256([1]) } },
      { core, proposal in core.variant(of: proposal) { $0.height += 1 } },
      { core, proposal in core.variant(of: proposal) { $0.height = .max } },
      { core, proposal in core.variant(of: proposal) { $0.timeMilliseconds += 3_600_000 } },
      { core, proposal in core.variant(of: proposal) { $0.timeMilliseconds = 0 } },
      { core, proposal in core.variant(of: proposal) { $0.validatorsHash = .zero } },
      { core, proposal in core.variant(of: proposal) { $0.nextValidatorsHash = .sha256([1]) } },
      { core, proposal in core.variant(of: proposal) { $0.proposer = 0 } },
      { core, proposal in core.variant(of: proposal) { $0.network = .zero } },
      { core, proposal in core.variant(of: proposal) { $0.epoch = 1 } },
      { core, proposal in core.variant(of: proposal, transactions: [[1, 2, 3]]) { _ in } },
      { core, proposal in
        Proposal(block: proposal.block, vote: nil, parent: proposal.parent, skips: proposal.skips)
      },
      { core, proposal in Proposal(block: proposal.block, vote: proposal.vote, parent: nil, skips: proposal.skips) },
      { core, proposal in
        let stolen = proposal.vote.map { Vote(statement: $0.statement, validator: 0, signature: $0.signature) }
        return Proposal(block: proposal.block, vote: stolen, parent: proposal.parent, skips: proposal.skips)
      },
    ]

    @Test("Whatever is wrong with a leader's block, the others give its view up and go on") func invalidBlocks() async throws {
      var script = Impostor.Script()
      script.say = { core, message, recipients in
        guard case .proposal(let proposal) = message else { return core.send(message, recipients) }
        core.send(.proposal(Self.faults[core.count % Self.faults.count](core, proposal)), recipients)
        core.count += 1
      }
      var options = options
      options.parameters.heartbeatMilliseconds = 50
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3, script) { impostor in
          try await cluster.waitUntil { try await impostor.ask(\.count) >= Self.faults.count }
          #expect(cluster.running == [0, 1, 2])
          let agent = try await cluster.register(key: .generate())
          try await cluster.expectEverywhere([agent])
          try await cluster.expectAgreement()
          for height in 1...(cluster.height(of: 0) ?? 1) {
            let client = try cluster.client(of: 0)
            let header = try await client.header(.height(height)).header
            #expect(header.proposer != 3, "at height \(height)")
            await client.close()
          }
        }
      }
    }

    @Test("A leader that withholds the certificates of others cannot make them miss any") func certificatesInVoidProposals() async throws {
      var script = Impostor.Script()
      // Every certificate comes first in a proposal that counts for nothing.
      script.say = { core, message, recipients in
        guard case .certificate(let certificate) = message, let last = core.chain.last?.proposal else {
          return core.send(message, recipients)
        }
        let isSkip = certificate.statement.kind == .nullify
        let void = Proposal(block: last.block, vote: nil, parent: isSkip ? nil : certificate, skips: isSkip ? [certificate] : [])
        core.send(.proposal(void), to: core.others)
        core.count += 1
      }
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3, script) { impostor in
          try await cluster.waitUntil { try await impostor.ask(\.count) >= 10 }
          // From here on the impostor's own votes are needed.
          await cluster.stop(node: 2)
          try await cluster.waitForBlocks(8)
          try await cluster.restart(node: 2)
          try await cluster.expectAgreement()
          try await cluster.expectNoEvidence()
        }
      }
    }
  }
}
