import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnSigner
import CairnStore
import DequeModule
import Logging
import NIOCore

/// The heart of a node: consensus engine, executor and mempool, driven by one event loop, which is also that of the links to the
/// other validators. So a vote is read, judged and answered without a hand-over between threads.
///
/// What takes long is elsewhere: transactions are verified by workers, and disk writes are a worker's too.
final class NodeCore {
  /// What a core is made of.
  struct Parts {
    let genesis: Genesis
    /// The block that the epoch goes on from in which this node begins.
    let epochGenesis: Header
    let voteKey: VoteKey
    let nodeKey: PublicKey
    let peerAddresses: [String: HostAndPort]
    let timers: TimerConfiguration
    let executor: Executor
    let recovered: RecoveredState
    /// Proven faults of earlier runs.
    let evidence: [Evidence]
    /// The highest own vote on record at the start, to be held against what the peers remember.
    let highestVote: Vote?
    let records: FinalizedRecords
    let flusher: StateFlusher
    let publisher: HeadPublisher
    let signatures: SignaturePool
    let room: MempoolRoom
    let store: Store
    let chain: ChainWriter
    let reader: ChainReader
    let snapshots: SnapshotConfiguration
    let taker: SnapshotTaker
    let environment: NodeEnvironment
    let metrics: NodeMetrics
    let logger: Logger
    let fail: @Sendable (NodeFailure) -> Void
  }

  let parts: Parts
  let loop: any EventLoop
  let logger: Logger
  /// Set right after the mesh is made, which needs this core as its delegate.
  var mesh: (any PeerLinks)?

  var epoch: NodeEpoch
  var directory: PeerDirectory
  /// Where nodes listen when that is not what the ledger says, by name.
  var peerAddresses: [String: HostAndPort]

  var executor: Executor
  var mempool = Mempool()
  /// `nil` while no alert is on.
  var alertEnd: Scheduled<Void>?
  /// A block that waits for its time.
  var pacedBuild: (request: BuildRequest, timer: Scheduled<Void>)?
  var orphans = Orphans()
  /// Of the epoch. `nil` until enough peers have said what they remember of this node's votes.
  private(set) var engine: Engine?
  /// What the epoch's engine starts from.
  private var recovered: RecoveredState
  /// The highest of this node's votes that was ever put on record.
  private(set) var highestVote: Vote?
  private var inputs: Deque<Input> = []
  private var isStepping = false
  private(set) var isStopped = false
  private var timers: [Engine.Timer: Scheduled<Void>] = [:]
  private(set) lazy var disk = DiskWriter(
    chain: parts.chain, worker: parts.environment.disk, loop: loop,
    fail: { [unowned self] in fail(.store($0)) })

  /// Where votes are signed in another process.
  var signing: RemoteSigning?

  var submissions = Submissions()
  /// Final blocks that are not durable yet, the oldest first.
  var unpublished: [UnpublishedBlocks] = []
  var peers = PeerRecords()
  var synchronizer = Synchronizer()
  var snapshots = SnapshotCatchUp()
  /// Gossiped transactions that claim to be of the defence lane and are being checked.
  var verifyingClaims = 0
  /// Certificates that were verified here, by view and statement, so that another one for the same is not verified again.
  private var certificates: [UInt64: [Statement: Verified<Certificate>]] = [:]
  /// What the engine was last told about waiting transactions, and the views of which the chain had its tip then.
  var isPendingReported = false
  private var reportedViews: (current: UInt64, finalized: UInt64) = (0, 0)
  /// Views that the epoch's engine has given up, as the metrics were last told.
  private var reportedSkips: [NullifyReason: Int] = [:]
  /// Of the last finalized block; made when the first one is committed, or somebody asks.
  var contracts: ContractStandings?
  private(set) var haltReason: HaltReason?
  private(set) var evidence: [Evidence] = []

  init(_ parts: Parts) {
    self.parts = parts
    loop = parts.environment.loop
    epoch = NodeEpoch(of: parts.executor.finalized, genesis: parts.epochGenesis, for: parts)
    directory = PeerDirectory(genesis: parts.genesis.validators, nodeKey: parts.nodeKey)
    peerAddresses = parts.peerAddresses
    logger = parts.logger
    executor = parts.executor
    recovered = parts.recovered
    highestVote = parts.highestVote
    evidence = parts.evidence
  }

  var network: Digest { parts.genesis.network }
  var validators: ValidatorSet { epoch.validators }
  var verifier: ConsensusVerifier { epoch.verifier }

  /// As this node was configured, until governance changes it for the network.
  private var heartbeatMilliseconds: UInt64 {
    let current = executor.finalized.parameters.heartbeatMilliseconds
    return current == parts.genesis.parameters.heartbeatMilliseconds ? parts.timers.heartbeatMilliseconds : UInt64(current)
  }

  /// Tells the engine what a final block may have changed.
  func followParameters() {
    guard let engine, engine.configuration.timers.heartbeatMilliseconds != heartbeatMilliseconds else { return }
    self.engine?.setHeartbeat(milliseconds: heartbeatMilliseconds)
  }

  var now: CairnConsensus.Instant {
    CairnConsensus.Instant(
      monotonicMilliseconds: loop.now.uptimeNanoseconds / 1_000_000, unixMilliseconds: parts.environment.wallClock())
  }

  /// Starts the epoch's engine: a validator's once a quorum, this node included, has told what it remembers, because a node whose records are
  /// an older copy than what a peer has seen of it must not vote; at once for a node that only follows.
  func startWhenKnown() {
    guard engine == nil, !isStopped else { return }
    if let index = epoch.index {
      let greeted = validators.validators.indices.count {
        $0 != index && directory.number(ofIndex: $0).map(peers.greeted.contains) ?? false
      }
      guard greeted + 1 >= validators.quorum else { return }
    }
    var recovered = recovered
    if recovered.votingDisabledReason == nil, !PlantedBug.forgetfulPeers.isPlanted, peers.rememberedVotes.contains(where: isUnrecorded) {
      recovered.votingDisabledReason = .recordsStale
    }
    if let reason = recovered.votingDisabledReason {
      logger.error("This node follows without voting", metadata: ["reason": "\(reason.rawValue)"])
    }
    var configuration = Engine.Configuration(
      network: network, epoch: epoch.number, validators: validators, validatorIndex: epoch.index, genesis: epoch.genesis)
    configuration.timers = parts.timers
    // What the parameters allow is judged when the block is executed: they may change from block to block.
    configuration.blockByteLimit = Block.transactionByteLimit
    configuration.timers.heartbeatMilliseconds = heartbeatMilliseconds
    engine = Engine(configuration: configuration, recovered: recovered)
    step(.start)
    reportPending()
  }

  /// Whether a peer remembers a vote of ours, of this epoch or a later one, that the records do not have.
  private func isUnrecorded(_ vote: Vote) -> Bool {
    guard vote.statement.epoch >= epoch.number else { return false }
    guard let highest = highestVote?.statement else { return true }
    if recovered.votes.contains(where: { $0.value.statement.conflicts(with: vote.statement) }) { return true }
    return (vote.statement.epoch, vote.statement.view) > (highest.epoch, highest.view)
  }

  /// The epoch is over, or was left behind by catching up: what its engine still waits for is for nobody.
  ///
  /// - Parameter finalization: of the newest block, when the next epoch has blocks already.
  func letGoOfEngine(after finalization: Verified<Certificate>?) {
    // What the store has against voting it has in the next epoch too; what peers have is asked again.
    let reason = parts.recovered.votingDisabledReason
    engine = nil
    inputs = []
    for timer in timers.values { timer.cancel() }
    timers = [:]
    pacedBuild?.timer.cancel()
    pacedBuild = nil
    certificates = [:]
    (isPendingReported, reportedViews, reportedSkips) = (false, (0, 0), [:])
    recovered = RecoveredState(finalized: executor.finalized.header, finalization: finalization)
    // Our own votes in the epoch, from before the state was lost, are behind us: we go on where we have signed nothing.
    if finalization != nil, let vote = highestVote?.statement, vote.epoch == executor.finalized.epoch {
      recovered.enteredView = vote.view.addingReportingOverflow(1).partialValue
    }
    recovered.votingDisabledReason = reason
  }

  /// Blocks were caught up on before there was an engine: it will start behind them.
  func recover(at header: Header, finalization: Verified<Certificate>) {
    guard engine == nil, header.height > recovered.finalized.height else { return }
    (recovered.finalized, recovered.finalization) = (header, finalization)
  }

  /// Feeds the engine and does what it says, until there is nothing left to say. Before it runs, and after this node has stopped,
  /// nothing is kept for it.
  func step(_ input: Input) {
    guard !isStopped, engine != nil else { return }
    inputs.append(input)
    runEngine()
  }

  /// Goes on with what waits for the engine, unless that has to wait.
  ///
  /// - Parameter first: before everything else.
  func runEngine(first: Input? = nil) {
    guard !isStopped, engine != nil else { return }
    if let first { inputs.prepend(first) }
    guard !isStepping, !snapshots.isInstalling else { return }
    isStepping = true
    while !isStopped, !snapshots.isInstalling, let input = inputs.popFirst(), let effects = engine?.step(input, at: now) {
      for effect in effects where !isStopped { perform(effect) }
      followEpoch()
    }
    isStepping = false
    reportPendingIfMoved()
  }

  /// What waits is measured against the tip of the chain, which moves with the view and with finality.
  private func reportPendingIfMoved() {
    guard let engine, reportedViews != (engine.view, engine.finalizedView) else { return }
    reportedViews = (engine.view, engine.finalizedView)
    parts.metrics.entered(view: engine.view)
    parts.metrics.skipped(engine.nullifyCounts, since: reportedSkips)
    reportedSkips = engine.nullifyCounts
    ripen()
    reportPending()
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .persist(let batch, let id): persist(batch, id)
    case .sign(let statement): sign(statement)
    case .send(let message, let recipients): send(message, to: recipients)
    case .build(let request): build(request)
    case .execute(let proposal): execute(proposal)
    case .fetch(let digest, let peers): fetch(digest, from: peers)
    case .arm(let timer, let milliseconds): arm(timer, milliseconds)
    case .cancel(let timer): timers.removeValue(forKey: timer)?.cancel()
    case .commit(let blocks, let finalization): commit(blocks, finalization: finalization)
    case .catchUp(let target): synchronizer.target = target; synchronize()
    case .evidence(let evidence): report(evidence)
    case .halt(let reason): halt(reason)
    }
  }

  private func arm(_ timer: Engine.Timer, _ milliseconds: UInt64) {
    timers.removeValue(forKey: timer)?.cancel()
    timers[timer] = loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(clamping: milliseconds))) { [weak self] in
      guard let self else { return }
      timers[timer] = nil
      step(.timer(timer))
    }
  }

  private func persist(_ batch: PersistBatch, _ id: BarrierID) {
    var rows = ChainBatch(validatorCount: validators.count)
    if let view = batch.enteredView { rows.entered = [ViewPosition(epoch: epoch.number, view: view)] }
    rows.votes = batch.votes.map(\.value)
    for vote in rows.votes where highestVote.map({ $0.isBelow(vote) }) ?? true { highestVote = vote }
    rows.candidates = batch.candidates.map(\.value)
    rows.certificates = batch.certificates.map(\.value)
    rows.evidence = batch.evidence
    for certificate in batch.certificates { remember(certificate) }
    disk.write(rows) { [unowned self, epoch = epoch.number] _ in
      // Batches are counted anew in each epoch.
      if epoch == self.epoch.number { step(.durable(id)) }
    }
  }

  /// A validator's faults that are kept; the store keeps as many. Whoever faults more often is not convicted better.
  private static let evidenceLimitPerValidator = 64

  private func report(_ evidence: Evidence) {
    let known = self.evidence.filter { $0.epoch == evidence.epoch && $0.validator == evidence.validator }
    if known.count < Self.evidenceLimitPerValidator, !known.contains(where: { $0.view == evidence.view }) { self.evidence.append(evidence) }
    logger.error(
      "A validator signed two statements that exclude each other",
      metadata: ["validator": "\(evidence.first.validator)", "view": "\(evidence.first.statement.view)"])
  }

  private func halt(_ reason: HaltReason) {
    haltReason = reason
    logger.critical("Consensus is halted; reads go on", metadata: ["reason": "\(reason.label)"])
  }

  func remember(_ certificate: Verified<Certificate>) {
    certificates[certificate.value.statement.view, default: [:]][certificate.value.statement] = certificate
  }

  func certificate(for statement: Statement) -> Verified<Certificate>? { certificates[statement.view]?[statement] }

  /// Forgets certificates of views that consensus is done with.
  func forgetCertificates(below view: UInt64) {
    if certificates.count > 512 { certificates = certificates.filter { $0.key >= view } }
  }

  /// The store or the state cannot be relied on any more: nothing is signed, sent or answered from here on.
  func fail(_ failure: NodeFailure) {
    guard !isStopped else { return }
    stop()
    parts.fail(failure)
  }

  func stop() {
    isStopped = true
    signing?.signer.stop()
    inputs = []
    for timer in timers.values { timer.cancel() }
    alertEnd?.cancel()
    pacedBuild?.timer.cancel()
    snapshots.fetcher?.stop()
    timers = [:]
    for completion in submissions.takeAll() { completion(.undecided) }
  }
}

extension Vote {
  fileprivate func isBelow(_ other: Vote) -> Bool {
    (statement.epoch, statement.view) < (other.statement.epoch, other.statement.view)
  }
}
