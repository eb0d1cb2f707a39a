import CairnChain
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnNode
import CairnSigner
import CairnStore
import CairnTestKit
import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

extension Clusters {
  @Suite("A node whose votes are signed elsewhere") struct SignerClusterTests {
    @Test("Its key moves without a gap; without its signer it follows and serves; it votes again when the signer is back")
    func moveAndLose() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        try await cluster.waitForBlocks(2)
        await cluster.stop(node: 0)
        let home = try SignerHome(of: cluster, 0)
        try home.move()
        // The node must not sign by itself any more, whatever its key file says.
        await #expect(throws: NodeFailure.self) { try await cluster.restart(node: 0) }
        let server = try await home.serve()
        try await cluster.restart(node: 0) { $0.voteKey = home.voteKey }
        try await cluster.waitUntil { try await cluster.status(of: 0)?.voting == true }
        let signed = try home.highest
        try await cluster.waitUntil { try home.highest > signed }

        await server.shutdown()
        try await cluster.waitUntil { try await cluster.status(of: 0)?.notVotingBecause == "signer_unreachable" }
        let agent = try await cluster.register(key: .generate())
        try await cluster.expectEverywhere([agent])
        try await cluster.waitUntil { try await cluster.status(of: 0)?.signer.skippedVotes ?? 0 > 0 }

        let again = try await home.serve()
        try await cluster.waitUntil { try await cluster.status(of: 0)?.voting == true }
        let before = try home.highest
        try await cluster.waitUntil { try home.highest > before }
        try await cluster.expectAgreement()
        try await cluster.expectNoEvidence()
        await cluster.stop(node: 0)
        await again.shutdown()
      }
    }

    @Test("A network needs the vote of a node whose signer is slow, and gets it") func slow() async throws {
      let signer = ScriptedSigner { statement, key, network in
        let signature = key.signature(for: statement.signedBytes(network: network))
        return [(0, .failed(statement, .late)), (40, .signed(statement, signature))]
      }
      try await LocalCluster.with(nodes: 4, options: .quick.changing { if $0 == 1 { signer.sign(for: &$1) } }) { cluster in
        await cluster.stop(node: 0)
        // Three of four: nothing becomes final without the slow one.
        try await cluster.waitForBlocks(4)
        try await cluster.expectAgreement()
        #expect(try await cluster.status(of: 1)?.signer.lastFailure == "late")
        try await cluster.expectNoEvidence()
      }
    }

    @Test("A failing signer is a node that does not vote, and the others go on", arguments: [SigningRefusal.belowFloor, .recordStale])
    func failing(refusal: SigningRefusal) async throws {
      let signer = ScriptedSigner { statement, _, _ in [(0, .failed(statement, .refused(refusal)))] }
      try await LocalCluster.with(nodes: 4, options: .quick.changing { if $0 == 2 { signer.sign(for: &$1) } }) { cluster in
        try await cluster.waitForBlocks(4)
        let agent = try await cluster.register(key: .generate())
        try await cluster.expectEverywhere([agent])
        #expect(try await cluster.status(of: 2)?.signer.lastFailure == refusal.reason)
        #expect(signer.hasAsked)
      }
    }

    enum Lie: CaseIterable { case anotherKey, anotherStatement, anotherNetwork, nonsense }

    @Test("A lying signer cannot make its node send what is no vote", arguments: Lie.allCases) func lying(lie: Lie) async throws {
      let signer = ScriptedSigner { statement, key, network in
        let signature =
          switch lie {
          case .anotherKey: SigningKey.generate().signature(for: statement.signedBytes(network: network))
          case .anotherStatement: key.signature(for: Statement.nullify(epoch: 0, view: 1 << 40).signedBytes(network: network))
          case .anotherNetwork: key.signature(for: statement.signedBytes(network: .zero))
          case .nonsense: key.signature(for: [])
          }
        return [(0, .signed(statement, signature))]
      }
      try await LocalCluster.with(nodes: 4, options: .quick.changing { if $0 == 3 { signer.sign(for: &$1) } }) { cluster in
        try await cluster.waitUntil { try await cluster.status(of: 3)?.signer.lastFailure == "wrong_signature" }
        try await cluster.waitForBlocks(3)
        // No peer was shown a vote of it, neither a valid one nor one to complain of.
        await cluster.stop(node: 3)
        let records = try NodeSafetyRecords(path: cluster.dataDirectory(of: 3), network: cluster.network.genesis.network)
        #expect(records.record.votes.isEmpty && records.highestVote == nil)
        try await cluster.expectAgreement()
      }
    }
  }
}

/// A signer's directory for one node of a cluster.
private struct SignerHome {
  let path = "/tmp/cairn-signer-\(Hex.encode(randomBytes(6)))"
  let key: SigningKey
  let data: String
  let network: Digest
  private let folder: TemporaryFolder

  private final class TemporaryFolder: Sendable {
    let path: String
    init(_ path: String) throws {
      self.path = path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  init(of cluster: LocalCluster, _ index: Int) throws {
    guard case .held(let key) = cluster.configuration(of: index).voteKey else { throw CancellationError() }
    (self.key, data, network) = (key, cluster.dataDirectory(of: index), cluster.network.genesis.network)
    folder = try TemporaryFolder(path)
  }

  private var records: String { path + "/records" }
  private var address: SignerAddress { .unix(path: path + "/signer.sock") }

  var voteKey: VoteKey {
    .remote(key.publicKey, RemoteSignerSettings(address: address, signerKey: nil, timeoutMilliseconds: 500))
  }

  /// As `cairn signer init` does.
  func move() throws {
    let node = try NodeSafetyRecords(path: data, network: network)
    try #require(!node.record.votes.isEmpty)
    try node.markSignedElsewhere(by: key.publicKey)
    try SignerStore.create(path: records, network: network, key: key.publicKey, importing: node.record)
  }

  func serve() async throws -> SignerServer {
    let store = try SignerStore(path: records, network: network, key: key.publicKey)
    return try await SignerServer.start(
      try Signer(network: network, key: key, store: store), at: address,
      access: SignerServer.Access(identity: try NodeIdentity(.generate()), nodes: []),
      logger: Logger(label: "signer", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// The last view in which the signer signed.
  var highest: ViewPosition {
    get throws { try SignerDirectory(path: records).summary().highestVote.map { ViewPosition($0.statement) } ?? .start }
  }
}

/// A signer that does what a test says, with the node's own key.
private final class ScriptedSigner: VoteSignerMaker {
  /// What comes of a request, each after as many milliseconds.
  typealias Script = @Sendable (Statement, SigningKey, Digest) -> [(milliseconds: Int64, answer: SigningAnswer)]

  private let script: Script
  private let key = Mutex<SigningKey?>(nil)
  private let askedCount = Mutex(0)

  init(_ script: @escaping Script) { self.script = script }

  var hasAsked: Bool { askedCount.withLock { $0 > 0 } }

  func sign(for configuration: inout NodeConfiguration) {
    guard case .held(let held) = configuration.voteKey else { return }
    key.withLock { $0 = held }
    configuration.voteKey = .remote(held.publicKey, self)
  }

  func make(network: Digest, key: PublicKey, nodeKey: SigningKey, on loop: any EventLoop, logger: Logger) throws -> any VoteSigner {
    Connection(self, network, loop)
  }

  private final class Connection: VoteSigner {
    private let signer: ScriptedSigner
    private let network: Digest
    private let loop: any EventLoop
    private var client: VoteSignerClient?

    init(_ signer: ScriptedSigner, _ network: Digest, _ loop: any EventLoop) {
      (self.signer, self.network, self.loop) = (signer, network, loop)
    }

    func start(_ client: VoteSignerClient) { self.client = client }
    func stop() { client = nil }
    var status: VoteSignerStatus { VoteSignerStatus(address: "scripted", problem: nil) }

    func sign(_ statement: Statement) {
      guard let key = signer.key.withLock({ $0 }) else { return }
      signer.askedCount.withLock { $0 += 1 }
      for (milliseconds, answer) in signer.script(statement, key, network) {
        loop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) { [weak self] in self?.client?.take(answer) ?? () }
      }
    }
  }
}
