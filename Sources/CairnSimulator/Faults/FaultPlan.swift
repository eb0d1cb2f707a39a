import CairnConsensus
import CairnNode

/// What goes wrong in one simulation, when, and how often. Times are milliseconds of virtual time.
struct FaultPlan {
  /// How long things go wrong.
  var faultMilliseconds: UInt64 = 6_000
  var conditions = NetworkConditions.good
  var partition = Partition.none
  /// From one change of a partition to the next.
  var partitionMilliseconds: UInt64 = 1_000
  var slowestDiskMicroseconds: UInt64 = 2_000
  /// Of ten thousand disk operations and messages each.
  var crashesPerTenThousand = 0
  /// Of ten thousand syncs.
  var failedSyncsPerTenThousand = 0
  /// From a crash to the next start.
  var downMilliseconds: ClosedRange<UInt64> = 10...1_500
  var damages: [Damage] = []
  var fullDisks: [Moment] = []
  var clockJumps: [ClockJump] = []
  /// Validators that depart from the protocol, at most f together with those whose disks are damaged.
  var adversaries: [Int: AdversaryKind] = [:]
  var snapshots = SnapshotConfiguration()
  /// Of each validator: they may differ.
  var timers: [TimerConfiguration] = []

  enum Partition: String, CaseIterable {
    case none
    /// Some directions are cut, and others the next time.
    case oneWay = "partition_one_way"
    /// The validators are in two groups, and in others the next time.
    case rotating = "partition_rotating"
  }

  struct Moment {
    let node: Int
    let at: UInt64
    let until: UInt64
  }

  struct ClockJump {
    let node: Int
    let at: UInt64
    let errorMilliseconds: Int64
  }

  /// What happens to a disk beside what power cuts do. Whoever has such a disk counts as faulty.
  struct Damage {
    enum Kind: String, CaseIterable {
      case bitFlip = "bit_flip"
      case olderCopy = "older_copy"
      case olderChain = "older_chain"
      case olderSafetyLog = "older_safety_log"
      case wiped = "wiped_disk"
    }

    let kind: Kind
    let node: Int
    let at: UInt64
    /// When the copy was made that is put back.
    let copiedAt: UInt64
  }

  static func drawn(_ options: SimulationOptions, _ dice: Dice) -> FaultPlan {
    var plan = FaultPlan()
    let profile = options.profile
    plan.faultMilliseconds = dice.pick(2_500...6_000)
    plan.slowestDiskMicroseconds = dice.pick(200...20_000)
    plan.timers = (0..<options.nodes).map { _ in timers(profile, dice) }
    if profile.has(.network) { plan.drawNetwork(dice) }
    if profile.has(.crashes) { plan.drawCrashes(options.nodes, dice) }
    plan.drawFaulty(options, dice)
    return plan
  }

  private static func timers(_ profile: SimulationProfile, _ dice: Dice) -> TimerConfiguration {
    var timers = TimerConfiguration()
    timers.heartbeatMilliseconds = 1_000
    guard profile != .calm else { return timers }
    timers.leaderMilliseconds = dice.pick(300...1_000)
    timers.certificateMilliseconds = dice.pick(500...2_000)
    timers.retryMilliseconds = dice.pick(300...2_000)
    timers.skipMilliseconds = dice.pick(600...30_000)
    timers.standstillMilliseconds = dice.pick(1_000...10_000)
    return timers
  }

  private mutating func drawNetwork(_ dice: Dice) {
    conditions = .drawn(dice)
    if dice.chance(500) { partition = dice.chance(500) ? .oneWay : .rotating }
    partitionMilliseconds = dice.pick(200...2_500)
  }

  private mutating func drawCrashes(_ nodes: Int, _ dice: Dice) {
    if dice.chance(800) { crashesPerTenThousand = dice.pick(1...25) }
    if dice.chance(300) { failedSyncsPerTenThousand = dice.pick(1...60) }
    if dice.chance(200) { downMilliseconds = 500...4_000 }
    if dice.chance(250) {
      let start = dice.pick(200...faultMilliseconds)
      fullDisks = [Moment(node: dice.pick(0...nodes - 1), at: start, until: start + dice.pick(100...1_500))]
    }
    if dice.chance(250) {
      let size = Int64(dice.pick(500...60_000))
      clockJumps = [
        ClockJump(
          node: dice.pick(0...nodes - 1), at: dice.pick(100...faultMilliseconds), errorMilliseconds: dice.chance(500) ? size : -size)
      ]
    }
  }

  /// At most f validators are faulty.
  private mutating func drawFaulty(_ options: SimulationOptions, _ dice: Dice) {
    let limit = (options.nodes - 1) / 3
    var candidates = Array(0..<options.nodes)
    for _ in 0..<limit where !candidates.isEmpty && dice.chance(700) {
      let node = candidates.remove(at: dice.pick(0...candidates.count - 1))
      let isByzantine = options.profile.has(.byzantine) && (!options.profile.has(.disks) || dice.chance(600))
      if isByzantine {
        adversaries[node] = AdversaryKind.drawn[dice.pick(0...AdversaryKind.drawn.count - 1)]
      } else if options.profile.has(.disks) {
        let at = dice.pick(800...faultMilliseconds)
        let kind = Damage.Kind.allCases[dice.pick(0...Damage.Kind.allCases.count - 1)]
        damages.append(Damage(kind: kind, node: node, at: at, copiedAt: dice.pick(300...at)))
      }
    }
  }
}

extension SimulationProfile {
  /// Whether this kind of fault is among those of the profile.
  func has(_ kind: SimulationProfile) -> Bool { self == kind || self == .chaos || (self == .signers && kind == .crashes) }
}
