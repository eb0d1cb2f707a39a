public import CairnChain
import CairnCrypto

/// Simplex consensus for one epoch: a state machine without I/O.
///
/// Inputs go in one at a time, effects come out; the same inputs give the same effects. Each rule of the protocol is a function
/// in a file named after it, see <doc:Protocol>.
public struct Engine: Sendable {
  /// How far below the current view votes, and below the last committed one certificates, are still looked at, for evidence and late
  /// finality; and how far ahead of the last committed view single blocks are fetched.
  public static let trackedViews: UInt64 = 256
  /// Views at or above this are ignored, so that a view's successor always exists. No network lives that long.
  static let viewLimit = UInt64.max - 1024

  public private(set) var configuration: Configuration
  public let schedule: LeaderSchedule

  /// The last committed header, and the view that finalized it.
  public internal(set) var committed: Header
  public internal(set) var committedView: UInt64
  /// The highest finalization known; its blocks may still be on their way.
  public internal(set) var finalization: Verified<Certificate>?
  /// The view we are in; 0 before ``Input/start``.
  public internal(set) var view: UInt64 = 0
  public internal(set) var votingDisabledReason: VotingDisabledReason?
  public internal(set) var haltReason: HaltReason?
  /// How often each reason made us give up a view.
  public internal(set) var nullifyCounts: [NullifyReason: Int] = [:]
  /// How often proposals had each fault.
  public internal(set) var faultCounts: [ProposalFault: Int] = [:]

  var now = Instant(monotonicMilliseconds: 0, unixMilliseconds: 0)
  var rounds: Rounds
  var candidates = Candidates()
  var fetches: [Fetch] = []
  /// The certificate that opened the current view.
  var opener: Verified<Certificate>?
  var enteredAt: UInt64 = 0
  /// When a view was last opened by a block; the heartbeat counts from here.
  var lastBlockAt: UInt64 = 0
  var lastFinalizedAt: UInt64 = 0
  var pendingSince: UInt64?
  var deadlines: [Timer: UInt64] = [:]
  /// When each validator was last heard, by index.
  var lastHeard: [UInt64]
  var barriers: [(id: BarrierID, votes: [Verified<Vote>])] = []
  var nextBarrier: UInt64 = 1
  /// The view on record when we started: what was proposed in it is unknown, unless our Notarize is on record too.
  let recoveredView: UInt64
  /// Votes of ours in higher views are all on record.
  let recordsFloor: UInt64
  /// The view that the shell was last asked to catch up to.
  var catchUpView: UInt64 = 0
  /// Where the next repetition after a standstill begins.
  var standstillCursor: UInt64 = 0
  private var recovered: RecoveredState?

  public init(configuration: Configuration, recovered: RecoveredState) {
    let count = configuration.validators.count
    precondition(configuration.validatorIndex.map { (0..<count).contains($0) } ?? true, "our index is in the set")
    self.configuration = configuration
    self.recovered = recovered
    schedule = LeaderSchedule(genesis: configuration.genesis.digest, epoch: configuration.epoch, validatorCount: count)
    rounds = Rounds(validatorCount: count)
    lastHeard = Array(repeating: 0, count: count)
    committed = recovered.finalized
    committedView = recovered.finalization?.value.statement.view ?? 0
    finalization = recovered.finalization
    votingDisabledReason = recovered.votingDisabledReason
    recoveredView = recovered.enteredView
    recordsFloor = committedView
  }

  /// Takes one input and says what shall be done.
  public mutating func step(_ input: Input, at now: Instant) -> [Effect] {
    guard haltReason == nil, !isOver, recovered == nil || input.isStart else { return [] }
    self.now = now
    var effects = Effects()
    handle(input, into: &effects)
    return seal(effects)
  }

  private mutating func handle(_ input: Input, into effects: inout Effects) {
    switch input {
    case .start:
      guard let state = recovered else { return }
      recovered = nil
      start(from: state, into: &effects)
    case .proposal(let proposal, let sender): receive(proposal, from: sender, into: &effects)
    case .vote(let vote): receive(vote, into: &effects)
    case .certificate(let certificate): accept(certificate, into: &effects)
    case .signed(let vote): record(vote, into: &effects)
    case .signingFailed(let statement): signingFailed(statement)
    case .durable(let id): publish(through: id, into: &effects)
    case .built(let block, let view): propose(block, in: view, into: &effects)
    case .buildFailed(let view): buildFailed(in: view, into: &effects)
    case .nothingToBuild(let view): nothingToBuild(in: view, into: &effects)
    case .executed(let digest, let verdict): executed(digest, verdict, into: &effects)
    case .fetched(let proposal): fetched(proposal, into: &effects)
    case .committed(let header, let finalization): committed(header, finalization, into: &effects)
    case .pending(let isPending): pending(isPending, into: &effects)
    case .heard(let validator): heard(validator)
    case .timer(let timer): fire(timer, into: &effects)
    }
  }
}

extension Engine {
  mutating func configure(timers change: (inout TimerConfiguration) -> Void) { change(&configuration.timers) }

  public var epoch: UInt64 { configuration.epoch }
  /// The epoch's last block is committed: its validators have nothing more to agree on, and the next epoch's engine goes on from it.
  public var isOver: Bool { endsEpoch(committed) }
  public var quorum: Int { configuration.validators.quorum - (PlantedBug.smallQuorum.isPlanted ? 1 : 0) }
  public func leader(of view: UInt64) -> Int { schedule.leader(of: view) }

  /// The view of the highest finalization known.
  public var finalizedView: UInt64 { max(finalization?.value.statement.view ?? 0, committedView) }

  var isLeader: Bool { configuration.validatorIndex == leader(of: view) }
  var canSign: Bool { configuration.validatorIndex != nil && votingDisabledReason == nil && haltReason == nil && !isOver }
  var others: [Int] { (0..<configuration.validators.count).filter { $0 != configuration.validatorIndex } }

  /// Validators speak; whoever only follows does not.
  func send(_ message: Message, to recipients: Recipients = .all, into effects: inout Effects) {
    guard configuration.validatorIndex != nil, configuration.validators.count > 1, haltReason == nil else { return }
    effects.emit(.send(message, to: recipients))
  }

  mutating func halt(_ reason: HaltReason, into effects: inout Effects) {
    guard haltReason == nil else { return }
    haltReason = reason
    effects.emit(.halt(reason))
  }
}

extension Input {
  fileprivate var isStart: Bool { if case .start = self { true } else { false } }
}

extension UInt64 {
  /// Instants and views from outside are added and subtracted without a trap.
  func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  func saturatingSubtract(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
