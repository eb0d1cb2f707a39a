/// What a simulation is about.
public enum SimulationProfile: String, CaseIterable, Sendable {
  /// Nothing goes wrong.
  case calm
  /// Messages are lost, doubled, late, or cut off.
  case network
  /// Nodes crash and come back.
  case crashes
  /// Disks forget, lie and break, of at most f validators.
  case disks
  /// At most f validators are Byzantine.
  case byzantine
  /// Votes are signed by other processes, which are late, away, or lost on the way; and nodes crash and come back.
  case signers
  /// Everything but signers in other processes.
  case chaos
}

public struct SimulationOptions: Sendable {
  public var seed: UInt64
  public var nodes: Int
  public var profile: SimulationProfile
  /// Validators that run as two processes with one key and a disk each. They count as Byzantine.
  public var twins: [Int] = []
  /// Keep a line for everything that happens.
  public var isTraced = false

  public init(seed: UInt64, nodes: Int = 4, profile: SimulationProfile = .chaos) {
    (self.seed, self.nodes, self.profile) = (seed, nodes, profile)
  }

  /// What runs it again.
  public var command: String {
    "cairn simulate --seed \(seed)\(nodes == 4 ? "" : " --nodes \(nodes)")\(profile == .chaos ? "" : " --profile \(profile.rawValue)")"
  }
}
