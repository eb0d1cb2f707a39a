import CairnConsensus
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnTestKit
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnChain
@testable import CairnNode

extension Clusters {
  @Suite struct HostileMessageTests {
    private var options: LocalCluster.Options {
      var options = LocalCluster.Options.quick
      options.leaderTimeoutMilliseconds = 300
      options.absent = [3]
      return options
    }

    @Test("Certificates and votes that prove nothing change nothing") func forgedStatements() async throws {
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3) { impostor in
          try await cluster.waitForBlocks(2)
          for _ in 0..<5 {
            impostor.act { core in
              for forged in Self.forgeries(core) { core.send(PeerCode.certificate, forged, to: core.others) }
              for vote in Self.forgedVotes(core) { core.send(PeerCode.vote, vote, to: core.others) }
            }
            try await cluster.waitForBlocks(1)
          }
          #expect(cluster.running == [0, 1, 2])
          let agent = try await cluster.register(key: .generate())
          try await cluster.expectEverywhere([agent])
          try await cluster.expectAgreement()
          try await cluster.expectNoEvidence()
          for index in 0..<3 {
            let status = try await cluster.status(of: index)
            #expect(status?.voting == true && (status?.info.view ?? .max) < 10_000)
          }
        }
      }
    }

    private static func forgeries(_ core: ImpostorCore) -> [[UInt8]] {
      let view = core.view + 1000
      let statement = Statement.finalize(epoch: 0, view: view, digest: .sha256([1]))
      let own = core.sign(statement).signature
      let three = Certificate(statement: statement, signatures: [(0, own), (1, own), (3, own)])
      var certificates = [
        Certificate(statement: statement, signatures: [(3, own)]),
        three,
        Certificate(statement: .nullify(epoch: 1, view: view), signatures: [(0, own), (1, own), (2, own)]),
      ].map { $0.bytes(validatorCount: 4) }
      var message = three.message(validatorCount: 4)
      message.signers = Data([0xff])
      certificates.append(Canonical.encode(message))
      message = three.message(validatorCount: 4)
      message.signers = Data([0b1011, 0])
      certificates.append(Canonical.encode(message))
      message = three.message(validatorCount: 4)
      message.signers = Data([0b1000])
      certificates.append(Canonical.encode(message))
      message = three.message(validatorCount: 4)
      message.kind = .unspecified
      certificates.append(Canonical.encode(message))
      return certificates + [[], [0xff], Array(certificates[1].dropLast(3)), certificates[1] + [0]]
    }

    private static func forgedVotes(_ core: ImpostorCore) -> [[UInt8]] {
      let view = core.view
      let genuine = core.sign(.nullify(epoch: 0, view: view + 500))
      let far = core.sign(.finalize(epoch: 0, view: .max, digest: .sha256([1])))
      let foreign = core.sign(.nullify(epoch: 7, view: view))
      let bad = Vote(statement: .nullify(epoch: 0, view: view), validator: 3, signature: genuine.signature)
      let stolen = Vote(statement: genuine.statement, validator: 1, signature: genuine.signature)
      let nobody = Vote(statement: genuine.statement, validator: 99, signature: genuine.signature)
      return [genuine, far, foreign, bad, stolen, nobody].map(\.bytes) + [[], [1], Array(genuine.bytes.dropLast()), genuine.bytes + [0]]
    }

    @Test("Oversized and senseless frames cost their sender the connection, or nothing") func frames() async throws {
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3) { impostor in
          try await cluster.waitForBlocks(1)
          for code in [PeerCode.vote, PeerCode.certificate, PeerCode.proposal, PeerCode.transactions, PeerCode.defence] {
            impostor.act { core in
              core.send(code, [UInt8](repeating: 0xff, count: 200), to: core.others)
              core.send(code, [UInt8](repeating: 0xff, count: 1 << 20), to: core.others)
            }
            try await cluster.waitForBlocks(1)
          }
          #expect(cluster.running == [0, 1, 2])
          try await cluster.expectAgreement()
        }
      }
    }

    private static let hellos: [(reason: String, say: @Sendable (inout ProtoPeerHello) -> [UInt8]?)] = [
      (
        "wrong_network",
        {
          $0.network = Data(Digest.zero.bytes); return nil
        }
      ),
      (
        "unknown_version",
        {
          $0.version = 9; return nil
        }
      ),
      ("malformed_hello", { _ in [0xff, 0xff, 0xff] }),
    ]

    @Test("A hello that is not right is refused with its reason", arguments: hellos.indices) func wrongHello(_ number: Int) async throws {
      let (reason, say) = Self.hellos[number]
      var script = Impostor.Script()
      script.hello = { hello in say(&hello) }
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3, script) { impostor in
          try await cluster.waitUntil { await impostor.problem(with: 0) == .refusedByPeer(reason) }
          try await cluster.waitForBlocks(2)
        }
      }
    }

    @Test("Without the validator's node key nobody gets in") func wrongNodeKey() async throws {
      var script = Impostor.Script()
      script.nodeKey = .generate()
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        try await Impostor.join(cluster, as: 3, script) { impostor in
          try await cluster.waitUntil { await impostor.problem(with: 0) != nil }
          try await cluster.waitUntil { try await cluster.status(of: 0)?.peers.first { $0.index == 3 }?.problem == "wrong_key" }
          try await cluster.waitForBlocks(2)
        }
      }
    }

    @Test("Transactions that verify and can never be in a block stall nothing and take no room") func junk() async throws {
      var options = LocalCluster.Options()
      options.patience = .seconds(60)
      options.leaderTimeoutMilliseconds = 5000
      options.absent = [3]
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        let height = cluster.highest
        try await Impostor.join(cluster, as: 3) { impostor in
          let batches = try (0..<6).map { _ in try Self.junk(cluster, count: 200) }
          for batch in batches {
            for code in [PeerCode.transactions, PeerCode.defence] { impostor.act { core in core.send(code, batch, to: core.others) } }
          }
          let agents = try await withThrowingTaskGroup(of: CairnDID.self) { group in
            for _ in 0..<10 { group.addTask { try await cluster.register(key: .generate()) } }
            return try await group.reduce(into: []) { $0.append($1) }
          }
          try await cluster.expectEverywhere(agents)
          #expect(cluster.highest > height)
          for index in 0..<3 {
            try await cluster.waitUntil { try await cluster.status(of: index)?.pendingTransactions == 0 }
            #expect(try await cluster.status(of: index)?.leaderTimeouts == 0)
          }
        }
      }
    }

    /// Of submitters that do not exist.
    private static func junk(_ cluster: LocalCluster, count: Int) throws -> [UInt8] {
      var batch = ProtoTransactionBatch()
      let transactions = Transactions(cluster.network)
      for _ in 0..<count { batch.transactions.append(Data(try transactions.orphan().value.bytes)) }
      return Canonical.encode(batch)
    }
  }
}
