import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnStore
import Logging
import NIOCore

/// What this node does to begin again from another node's snapshot.
struct SnapshotCatchUp {
  /// `nil` when no snapshot is being fetched.
  var fetcher: SnapshotFetcher?
  /// When peers may be asked again for one.
  var nextAttempt = NIODeadline.uptimeNanoseconds(0)
  /// Since when peers have been asked, while too few have answered to know.
  var asksSince: NIODeadline?
  /// Manifests that came to nothing.
  var refused: Set<Digest> = []
  /// A fetched snapshot is taking the place of the state: consensus waits.
  var isInstalling = false
}

extension NodeCore {
  /// Until peers are asked again when nobody had a snapshot worth taking, or those who had it failed: meanwhile blocks are fetched.
  private static let snapshotPause = TimeAmount.seconds(30)
  /// The same while hardly anybody answers.
  private static let greetingPause = TimeAmount.milliseconds(250)
  /// How long blocks wait for what peers say of their snapshots: longer than links take to come up.
  private static let answerTime = TimeAmount.seconds(2)
  /// Manifests that are remembered as useless: more would be somebody's doing, and the oldest are offered no more.
  private static let refusedLimit = 64
  /// Until blocks that are on their way to the disk are there.
  private static let installPause = TimeAmount.milliseconds(20)

  /// Whether a snapshot is being fetched or put in place, so that blocks can wait.
  var isTakingSnapshot: Bool { snapshots.isInstalling || snapshots.fetcher?.hasChosen ?? false }

  /// Whether blocks wait until peers have said what snapshots they have.
  var awaitsOffers: Bool { snapshots.asksSince.map { loop.now - $0 < Self.answerTime } ?? false }

  /// Looks for a snapshot when so much may lie ahead that it is worth it.
  func lookForSnapshot() {
    guard snapshots.fetcher == nil, !snapshots.isInstalling, let mesh, loop.now >= snapshots.nextAttempt, mayBeFarBehind else { return }
    let fetcher = SnapshotFetcher(
      SnapshotFetcher.Parts(
        loop: loop, links: mesh, peers: directory.sources, anchor: anchor, scheme: parts.environment.scheme, store: parts.store,
        worker: parts.environment.state, reader: parts.reader),
      above: executor.finalized.height + parts.snapshots.distanceBlocks, refused: snapshots.refused
    ) { [weak self] outcome in self?.snapshotFetched(outcome) }
    snapshots.fetcher = fetcher
    if snapshots.asksSince == nil { snapshots.asksSince = loop.now }
    fetcher.start()
  }

  /// There is a block in a view at most. How much lies behind the end of this epoch nobody has proven yet.
  private var mayBeFarBehind: Bool {
    guard let target = synchronizer.target?.value.statement else { return synchronizer.guide != nil }
    guard let engine, target.epoch == epoch.number else { return false }
    let distance = target.view.subtractingReportingOverflow(engine.committedView)
    return !distance.overflow && distance.partialValue >= parts.snapshots.distanceBlocks
  }

  private func snapshotFetched(_ outcome: SnapshotFetcher.Outcome) {
    snapshots.fetcher = nil
    snapshots.nextAttempt = loop.now + Self.snapshotPause
    guard !isStopped else { return }
    if case .nothingOffered(isKnown: false) = outcome {
      snapshots.nextAttempt = loop.now + Self.greetingPause
      _ = loop.assumeIsolated().scheduleTask(in: Self.greetingPause) { [weak self] in self?.synchronize() }
    } else {
      snapshots.asksSince = nil
    }
    switch outcome {
    case .fetched(let fetched): return install(fetched)
    case .nothingOffered: break
    case .noSourceLeft: logger.warning("No peer is left to fetch the snapshot from; fetching blocks")
    case .useless(let manifest):
      logger.warning("The snapshot was not all of the state", metadata: ["manifest": "\(manifest)"])
      if snapshots.refused.count >= Self.refusedLimit { snapshots.refused = [] }
      snapshots.refused.insert(manifest)
    case .failed(let error):
      // What was fetched is damaged, and nothing else: it is dropped when it is opened again.
      guard case .corrupt = error else { return fail(.store(error)) }
      do throws(StoreError) { try parts.store.discard(try parts.store.incomingSnapshot()) } catch { return fail(.store(error)) }
    }
    synchronize()
  }

  /// Consensus stands still meanwhile: what it says of blocks that this node has not got can wait for a second.
  private func install(_ fetched: SnapshotFetcher.Fetched) {
    guard !isStopped else { return }
    // What was executed here meanwhile is not thrown away.
    guard fetched.snapshot.header.height > executor.finalized.height, executor.state(after: fetched.snapshot.header.digest) == nil
    else {
      snapshots.isInstalling = false
      runEngine()
      return synchronize()
    }
    snapshots.isInstalling = true
    // Final blocks go to the disk before what comes after them.
    guard unpublished.isEmpty, !synchronizer.isFetching else {
      _ = loop.assumeIsolated().scheduleTask(in: Self.installPause) { [weak self] in self?.install(fetched) }
      return
    }
    let installation = SnapshotInstallation(
      genesis: parts.genesis, store: parts.store, reader: parts.reader, records: parts.records, epochGenesis: epoch.genesis,
      fetched: fetched)
    parts.environment.state.run(on: loop) { try installation.run() }.assumeIsolated().whenComplete { [weak self] result in
      guard let self, !isStopped else { return }
      switch result {
      case .success(let installed): adopt(installed)
      case .failure(let failure as NodeFailure): fail(failure)
      // The worker was stopped: so is the node.
      case .failure: break
      }
    }
  }

  private func adopt(_ installed: SnapshotInstallation.Result) {
    let (state, finalization) = (installed.state, Verified<Certificate>.recovered(installed.finalization))
    logger.notice("Began again from a snapshot", metadata: ["height": "\(state.height)"])
    executor = Executor(finalized: state)
    parts.publisher.publish(
      PublishedHead(
        header: state.header, certificate: installed.finalization.message(validatorCount: installed.validatorCount), state: state,
        edge: installed.edge))
    snapshots.isInstalling = false
    refuseAllOutdated()
    if state.epoch == epoch.number {
      remember(finalization)
      recover(at: state.header, finalization: finalization)
      followParameters()
      // Before all that waited: it may be about blocks that are no more.
      runEngine(first: .committed(state.header, finalization: finalization))
    } else {
      let isGenesis = state.header.epoch != state.epoch
      begin(NodeEpoch(of: state, genesis: installed.epochGenesis, for: parts), after: isGenesis ? nil : finalization)
    }
    reportPending()
    synchronize()
  }

  /// What a snapshot is verified from: the block that the epoch began with, and its validators. They have signed how the epoch ended.
  private var anchor: TrustAnchor {
    let header = epoch.genesis
    return TrustAnchor(network: network, epoch: epoch.number, height: header.height, digest: header.digest, validators: validators)
  }
}
