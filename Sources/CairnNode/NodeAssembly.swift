package import CairnChain
package import CairnConsensus
import CairnCrypto
import CairnLedger
package import CairnNetwork
import CairnSigner
import CairnStore
package import Logging
package import NIOCore

/// A node from its data directory to what its services ask: everything of it but sockets, threads and services.
package struct NodeAssembly<Links: PeerLinks>: Sendable {
  let core: Confined<NodeCore>
  let links: Links
  package let backend: any NodeBackend
  /// Where messages of the other validators go in.
  package let inlet: any PeerMeshDelegate

  /// On the environment's loop.
  ///
  /// - Parameters:
  ///   - links: makes the links to the other validators.
  ///   - fail: called once, from any thread, when the node cannot rely on its store or its state any more.
  package init(
    _ opened: OpenedNode, _ configuration: NodeConfiguration, environment: NodeEnvironment, logger: Logger,
    links makeLinks: (any PeerMeshDelegate) throws -> Links, fail: @escaping @Sendable (NodeFailure) -> Void
  ) throws {
    let (genesis, store, recovery) = (configuration.genesis, opened.store, opened.recovery)
    let fail: @Sendable (NodeFailure) -> Void = { failure in
      if failure.isAboutDerivedData { store.distrustDerivedData() }
      fail(failure)
    }
    let publisher = HeadPublisher(
      PublishedHead(
        header: recovery.state.header,
        certificate: recovery.finalization.map { $0.certificate.message(validatorCount: $0.validatorCount) }, state: recovery.state,
        edge: store.chain.edge))
    let signatures = SignaturePool(
      workers: environment.signatures, workerCount: environment.signatureCount, network: genesis.network,
      scheme: environment.scheme)
    let room = MempoolRoom()
    let metrics = NodeMetrics(configuration.metrics)
    var consensus = recovery.consensus
    if !configuration.isVotingAllowed { consensus.votingDisabledReason = consensus.votingDisabledReason ?? .operatorRequest }
    let taker = SnapshotTaker(
      store: store, intervalBlocks: configuration.snapshots.intervalBlocks, worker: environment.snapshots, fail: { fail(.store($0)) })
    let core = NodeCore(
      NodeCore.Parts(
        genesis: genesis, epochGenesis: recovery.epochGenesis, voteKey: configuration.voteKey,
        nodeKey: configuration.nodeKey.publicKey, peerAddresses: configuration.peerAddresses, timers: configuration.timers,
        executor: Executor(finalized: recovery.state),
        recovered: consensus, evidence: recovery.evidence, highestVote: store.recovery.highestVote, records: recovery.records,
        flusher: StateFlusher(store: store, records: recovery.records, worker: environment.state, snapshots: taker) {
          fail(.store($0))
        },
        publisher: publisher, signatures: signatures, room: room, store: store, chain: store.chain, reader: recovery.reader,
        snapshots: configuration.snapshots, taker: taker, environment: environment, metrics: metrics, logger: logger, fail: fail))
    let gateway = PeerGateway(core: core)
    links = try makeLinks(gateway)
    core.mesh = links
    if case .remote(let key, let maker) = configuration.voteKey {
      core.use(
        try maker.make(
          network: genesis.network, key: key, nodeKey: configuration.nodeKey, on: environment.loop, logger: logger))
    }
    core.updateLinks()
    inlet = gateway
    self.core = Confined(core, on: environment.loop)
    backend = Backend(
      configuration, core: self.core, mesh: links, publisher: publisher, records: recovery.records,
      signatures: signatures, room: room, chain: store.chain, readers: opened.readers, eventWorkers: environment.events, metrics: metrics)
  }
}

/// For a simulation, which is on the loop.
extension NodeAssembly {
  /// Takes part in consensus as soon as enough of the others have greeted this node.
  package func start() { core.value.startWhenKnown() }

  /// Nothing is signed, sent or answered from here on.
  package func stop() { core.value.stop() }

  /// `nil` until enough of the others have greeted this node.
  package var engine: Engine? { core.value.engine }

  /// Proven faults of others, of earlier runs too.
  package var evidence: [Evidence] { core.value.evidence }

  package var haltReason: HaltReason? { core.value.haltReason }

  package var loop: any EventLoop { core.loop }
}
