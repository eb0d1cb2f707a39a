import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnTestKit
import Foundation
import Logging
import NIOCore
import NIOPosix
import SwiftProtobuf
import Synchronization

@testable import CairnNode

/// A validator in the test's hand: it holds the keys of an absent one, follows with the real engine, and says what its script makes
/// of what the engine wants to say.
final class Impostor: Sendable {
  struct Script: Sendable {
    /// Called on the impostor's event loop instead of sending.
    var say: @Sendable (ImpostorCore, Engine.Message, Recipients) -> Void = { $0.send($1, $2) }
    /// The answer to a request, when it is not the honest one.
    var answer: @Sendable (ImpostorCore, UInt16, ByteBuffer) -> ByteBuffer? = { _, _, _ in nil }
    var hello: @Sendable (inout ProtoPeerHello) -> [UInt8]? = { _ in nil }
    var nodeKey: SigningKey?
  }

  private let group: MultiThreadedEventLoopGroup
  private let mesh: PeerMesh
  private let core: NIOLoopBoundBox<ImpostorCore>

  /// Joins a cluster as one of its absent validators, hands the impostor out, and leaves.
  static func join<Result>(
    _ cluster: LocalCluster, as index: Int, _ script: Script = Script(), _ body: (Impostor) async throws -> Result
  ) async throws -> Result {
    let impostor = try Impostor(cluster, index, script)
    do {
      try await impostor.ask { [mesh = impostor.mesh] in $0.mesh = mesh }
      let port = try await impostor.mesh.start()
      cluster.introduce(index, port: port)
      impostor.act { $0.start() }
      let result = try await body(impostor)
      await impostor.leave()
      return result
    } catch {
      await impostor.leave()
      throw error
    }
  }

  private init(_ cluster: LocalCluster, _ index: Int, _ script: Script) throws {
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let keys = cluster.network.validators[index]
    let core = ImpostorCore(cluster.network.genesis, index, keys.consensusKey, script, group.next())
    self.core = .makeBoxSendingValue(core, eventLoop: group.next())
    let peers = cluster.network.validators.enumerated().filter { $0.offset != index }.map { position, validator in
      Peer(
        index: position, name: validator.name, nodeKey: validator.nodeKey.publicKey,
        address: cluster.peerPort(of: position).map { PeerAddress(host: "127.0.0.1", port: $0) })
    }
    // Its own limits are looser than those of the others.
    let rules = PeerCode.rules.mapValues { MessageRule(lane: $0.lane, maximumPayloadByteCount: 1 << 20, rate: $0.rate) }
    var configuration = PeerMeshConfiguration(
      identity: try NodeIdentity(script.nodeKey ?? keys.nodeKey), listenHost: "127.0.0.1", listenPort: 0, peers: peers, messages: rules)
    configuration.limits.payloadByteCount = PeerCode.payloadLimit
    mesh = PeerMesh(
      configuration, group: group, logger: Logger(label: "impostor", factory: { _ in SwiftLogNoOpLogHandler() }),
      delegate: ImpostorDelegate(core: self.core))
  }

  /// Does something on the impostor's event loop.
  func act(_ body: @escaping @Sendable (ImpostorCore) -> Void) { mesh.eventLoop.execute { [core] in body(core.value) } }

  func ask<Answer: Sendable>(_ body: @escaping @Sendable (ImpostorCore) -> Answer) async throws -> Answer {
    try await mesh.eventLoop.submit { [core] in body(core.value) }.get()
  }

  /// Why the impostor has no connection to a node.
  func problem(with peer: Int) async -> PeerProblem? { await mesh.status().peers.first { $0.index == peer }?.problem }

  private func leave() async {
    try? await ask { $0.stop() }
    await mesh.shutdown()
    try? await ask { $0.mesh = nil }
    try? await group.shutdownGracefully()
  }
}

/// The impostor's engine and ledger, on its event loop.
final class ImpostorCore {
  let genesis: Genesis
  let index: Int
  let key: SigningKey
  let verifier: ConsensusVerifier
  var mesh: PeerMesh?
  /// How often the script did what the test is about.
  var count = 0
  /// What another node answered when it was asked for its snapshots.
  private(set) var offers: ByteBuffer?
  /// The finalized blocks in order from height 1, each with its own finalization if it has one.
  private(set) var chain: [(proposal: Proposal, finalization: Certificate?)] = []

  private let script: Impostor.Script
  private let loop: any EventLoop
  private var engine: Engine
  private var executor: Executor
  private var inputs: [Input] = []
  private var isStepping = false
  private var isStopped = false

  init(_ genesis: Genesis, _ index: Int, _ key: SigningKey, _ script: Impostor.Script, _ loop: any EventLoop) {
    (self.genesis, self.index, self.key, self.script, self.loop) = (genesis, index, key, script, loop)
    verifier = ConsensusVerifier(network: genesis.network, epoch: 0, validators: genesis.validators)
    let block = GenesisBlock(genesis)
    var configuration = Engine.Configuration(
      network: genesis.network, epoch: 0, validators: genesis.validators, validatorIndex: index, genesis: block.header)
    configuration.timers.heartbeatMilliseconds = UInt64(genesis.parameters.heartbeatMilliseconds)
    (configuration.timers.leaderMilliseconds, configuration.timers.retryMilliseconds) = (200, 200)
    engine = Engine(configuration: configuration, recovered: .fresh(genesis: block.header))
    executor = Executor(finalized: block.state)
  }

  var others: [Int] { genesis.validators.validators.indices.filter { $0 != index } }
  var view: UInt64 { engine.view }

  func start() { step(.start) }

  func stop() { isStopped = true }

  // What it says.

  func send(_ message: Engine.Message, _ recipients: Recipients) {
    switch recipients {
    case .all: send(message, to: others)
    case .one(let peer): send(message, to: [peer])
    }
  }

  func send(_ message: Engine.Message, to peers: [Int]) {
    let count = genesis.validators.count
    switch message {
    case .vote(let vote): send(PeerCode.vote, vote.bytes, to: peers)
    case .certificate(let certificate): send(PeerCode.certificate, certificate.bytes(validatorCount: count), to: peers)
    case .proposal(let proposal): send(PeerCode.proposal, Canonical.encode(proposal.message(validatorCount: count)), to: peers)
    }
  }

  func send(_ code: UInt16, _ bytes: [UInt8], to peers: [Int]) {
    for peer in peers { mesh?.send(code, ByteBuffer(bytes: bytes), to: peer) }
  }

  func sign(_ statement: Statement) -> Vote { Verified<Vote>.signed(statement, network: genesis.network, validator: index, key: key).value }

  /// Another block for the same view, signed.
  func variant(of proposal: Proposal, transactions: [[UInt8]]? = nil, _ change: (inout Header.Fields) -> Void) -> Proposal {
    var fields = proposal.block.header.fields
    change(&fields)
    let header = Header(fields)
    let vote = sign(.notarize(epoch: 0, view: proposal.block.header.view, digest: header.digest))
    return Proposal(
      block: Block(header: header, transactions: transactions ?? proposal.block.transactions), vote: vote, parent: proposal.parent,
      skips: proposal.skips)
  }

  func askForOffers(of peer: Int) {
    mesh?.request(PeerCode.snapshots, ByteBuffer(), to: peer, timeout: .seconds(5)).assumeIsolated().whenSuccess { [weak self] in
      self?.offers = $0
    }
  }

  // What it hears.

  func hello() -> [UInt8] {
    var hello = ProtoPeerHello()
    hello.version = NodeCore.protocolVersion
    hello.network = Data(genesis.network.bytes)
    return script.hello(&hello) ?? Canonical.encode(hello)
  }

  func received(_ code: UInt16, _ payload: [UInt8], from peer: Int) {
    let count = genesis.validators.count
    step(.heard(peer))
    switch code {
    case PeerCode.vote:
      if let vote = try? verifier.verify(Vote(decoding: payload)) { step(.vote(vote)) }
    case PeerCode.certificate:
      if let certificate = try? verifier.verify(Certificate(decoding: payload, validatorCount: count)) { step(.certificate(certificate)) }
    case PeerCode.proposal:
      if let message = try? ProtoProposal(serializedBytes: payload),
        let proposal = try? verifier.verify(Proposal(message, validatorCount: count))
      {
        step(.proposal(proposal, from: peer))
      }
    default: break
    }
  }

  func answer(_ code: UInt16, _ payload: ByteBuffer) -> ByteBuffer { script.answer(self, code, payload) ?? ByteBuffer() }

  /// The honest answer to a request for blocks.
  func window(for payload: ByteBuffer) -> (blocks: [Proposal], finalization: Certificate)? {
    guard let request = try? ProtoBlocksRequest(serializedBytes: [UInt8](buffer: payload)), request.fromHeight > 0,
      request.fromHeight <= UInt64(chain.count)
    else { return nil }
    let window = chain[Int(request.fromHeight - 1)...].prefix(SyncWindow.blockLimit)
    guard let last = window.lastIndex(where: { $0.finalization != nil }), let finalization = window[last].finalization else { return nil }
    return (window[...last].map(\.proposal), finalization)
  }

  func step(_ input: Input) {
    guard !isStopped else { return }
    inputs.append(input)
    guard !isStepping else { return }
    isStepping = true
    while !inputs.isEmpty {
      let now = Instant(
        monotonicMilliseconds: NIODeadline.now().uptimeNanoseconds / 1_000_000,
        unixMilliseconds: UInt64(Date().timeIntervalSince1970 * 1000))
      for effect in engine.step(inputs.removeFirst(), at: now) { perform(effect) }
    }
    isStepping = false
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .persist(_, let id): step(.durable(id))
    case .sign(let statement): step(.signed(.signed(statement, network: genesis.network, validator: index, key: key)))
    case .send(let message, let recipients): script.say(self, message, recipients)
    case .build(let request):
      let built = try? executor.build(request, from: Mempool(), now: UInt64(Date().timeIntervalSince1970 * 1000))
      step(built.map { .built($0.block, view: request.view) } ?? .nothingToBuild(view: request.view))
    case .execute(let proposal):
      let transactions = proposal.value.block.transactions.compactMap { try? TransactionVerifier(network: genesis.network).verify($0) }
      guard let verdict = try? executor.execute(proposal.value.block, transactions: transactions) else { return }
      step(.executed(proposal.value.block.digest, verdict))
    case .arm(let timer, let milliseconds):
      _ = loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(clamping: milliseconds))) { [weak self] in self?.step(.timer(timer)) }
    case .commit(let blocks, let finalization): commit(blocks.map(\.value), finalization.value)
    case .catchUp(let target): catchUp(to: target)
    case .fetch(let digest, let peers): fetch(digest, from: peers[0])
    case .cancel, .evidence, .halt: break
    }
  }

  private func commit(_ blocks: [Proposal], _ finalization: Certificate) {
    for proposal in blocks {
      _ = executor.finalize(proposal.block.digest)
      chain.append((proposal, proposal.block.digest == finalization.statement.digest ? finalization : nil))
    }
    executor.prune()
  }

  private func fetch(_ digest: Digest, from peer: Int) {
    var request = ProtoBlockRequest()
    request.digest = Data(digest.bytes)
    mesh?.request(PeerCode.block, ByteBuffer(bytes: Canonical.encode(request)), to: peer, timeout: .seconds(2))
      .assumeIsolated().whenSuccess { [weak self] payload in
        guard let self, let response = try? ProtoBlockResponse(serializedBytes: [UInt8](buffer: payload)), response.hasProposal,
          let proposal = try? verifier.verify(Proposal(response.proposal, validatorCount: genesis.validators.count))
        else { return }
        step(.fetched(proposal))
      }
  }

  private func catchUp(to target: Verified<Certificate>) {
    var request = ProtoBlocksRequest()
    request.fromHeight = executor.finalized.height + 1
    request.maxBlocks = 64
    mesh?.request(PeerCode.blocks, ByteBuffer(bytes: Canonical.encode(request)), to: others[0], timeout: .seconds(5))
      .assumeIsolated().whenSuccess { [weak self] payload in
        guard let self, !isStopped,
          let window = try? Window(payload, after: executor.finalized.header, frontier: executor.finalized.frontier, verifier: verifier),
          let last = window.blocks.last?.0.value.block.header
        else { return }
        for (proposal, transactions) in window.blocks { _ = try? executor.execute(proposal.value.block, transactions: transactions) }
        commit(window.blocks.map(\.0.value), window.finalization.value)
        step(.committed(last, finalization: window.finalization))
        if window.finalization.value.statement.view < target.value.statement.view { catchUp(to: target) }
      }
  }
}

private final class ImpostorDelegate: PeerMeshDelegate {
  private let core: NIOLoopBoundBox<ImpostorCore>

  init(core: NIOLoopBoundBox<ImpostorCore>) { self.core = core }

  func hello(to peer: Int) -> [UInt8] { core.value.hello() }

  func received(hello: [UInt8], from peer: Int) throws {}

  func received(_ code: UInt16, _ payload: ByteBuffer, from peer: Int) { core.value.received(code, [UInt8](buffer: payload), from: peer) }

  func received(request code: UInt16, _ payload: ByteBuffer, from peer: Int, reply: @escaping @Sendable (ByteBuffer) -> Void) {
    reply(core.value.answer(code, payload))
  }

  func connected(_ peer: Int) {}

  func disconnected(_ peer: Int, because problem: PeerProblem) {}
}
