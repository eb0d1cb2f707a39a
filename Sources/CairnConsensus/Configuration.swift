public import CairnChain
public import CairnCrypto

/// Periods in milliseconds. Local policy: they may differ from node to node without any harm to safety.
public struct TimerConfiguration: Hashable, Sendable {
  /// From when a view has work until its leader's proposal must be here; backed off.
  public var leaderMilliseconds: UInt64 = 1000
  /// From a proposal until its view must be certified; backed off.
  public var certificateMilliseconds: UInt64 = 2000
  /// Between repetitions of our votes in a view that we gave up (R7a), and of a fetch.
  public var retryMilliseconds: UInt64 = 2000
  /// How long a leader must be silent to be skipped at once (R8).
  public var skipMilliseconds: UInt64 = 30_000
  /// How long nothing was finalized before everything is sent again (R7b).
  public var standstillMilliseconds: UInt64 = 10_000
  /// From one block to the empty block that follows when nothing waits.
  public var heartbeatMilliseconds: UInt64 = 5000

  /// The back-off stops at eight times: a larger cap is as safe, and recovers slowly after a long outage.
  public static let backoffCap: UInt64 = 8

  public init() {}
}

extension Engine {
  /// What an engine is told once, for one epoch.
  public struct Configuration: Sendable {
    public var network: Digest
    public var epoch: UInt64
    public var validators: ValidatorSet
    /// Our own index in the set; `nil` follows only.
    public var validatorIndex: Int?
    /// The epoch's first block. It counts as finalized in view 0, and its digest seeds the leader schedule.
    public var genesis: Header
    public var timers = TimerConfiguration()
    /// The network's limit on the transactions of a block, in bytes.
    public var blockByteLimit = 512 << 10
    /// What one repetition after a standstill may send to each peer, in bytes (R7b).
    public var egressBudgetBytes = 256 << 10

    public init(network: Digest, epoch: UInt64, validators: ValidatorSet, validatorIndex: Int?, genesis: Header) {
      self.network = network
      self.epoch = epoch
      self.validators = validators
      self.validatorIndex = validatorIndex
      self.genesis = genesis
    }
  }
}
