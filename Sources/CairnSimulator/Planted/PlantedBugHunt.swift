#if DEBUG
  import CairnCrypto

  /// How soon each planted bug is missed: the table of the documentation.
  public struct PlantedBugHunt: Sendable {
    /// A bug that no run with as many seeds finds is one that the simulator cannot find.
    public static let seedLimit: UInt64 = 200

    public struct Catch: Sendable {
      public let bug: String
      /// `nil` when it was not found.
      public let seed: UInt64?
      public let profile: SimulationProfile
      public let invariant: Invariant?

      /// A row of a Markdown table.
      public var row: String {
        "| `\(bug)` | \(profile.rawValue) | \(seed.map(String.init) ?? "not found") | \(invariant.map { "`\($0.rawValue)`" } ?? "") |"
      }
    }

    /// Every bug that seeds are to find, in one order.
    public static var bugs: [String] { PlantedBug.allCases.filter { !elsewhere.contains($0) }.map(\.rawValue) }

    /// An older disk counts as faulty, and no network of seconds is long enough to fall far behind: these are for scenarios.
    private static let elsewhere: Set<PlantedBug> = [.forgetfulPeers, .noCatchUp, .uncheckedWindow, .nextValidatorsIgnored]

    /// The first seed with which a bug is caught.
    ///
    /// - Parameter guess: the seed to try before all others.
    public static func hunt(_ name: String, guess: UInt64? = nil) throws -> Catch? {
      guard let bug = PlantedBug(rawValue: name) else { return nil }
      let profile = bug.profile
      for seed in [guess].compactMap(\.self) + Array(0..<seedLimit) {
        let report = try PlantedBug.$planted.withValue(bug) { try Simulation(SimulationOptions(seed: seed, profile: profile)).run() }
        if let violation = report.violation { return Catch(bug: name, seed: seed, profile: profile, invariant: violation.invariant) }
      }
      return Catch(bug: name, seed: nil, profile: profile, invariant: nil)
    }
  }

  extension PlantedBug {
    /// The faults among which it shows soonest.
    fileprivate var profile: SimulationProfile {
      switch self {
      case .noChainSync, .logBeforeDatabase, .noSettling, .noTornRecords, .noMending, .forgottenVotes, .sendBeforeDurable, .noSafetySync,
        .indexBehind, .oneCopy, .anyTime:
        .crashes
      case .unverifiedVotes, .unverifiedCertificates, .everythingIsEvidence, .noCertificateTimer, .anyProposer,
        .firstSignatureOnly, .unverifiedGreetings:
        .byzantine
      case .sequenceIgnored, .deactivationIgnored, .expiryIgnored, .nextKeyIgnored, .updateKeyIgnored, .submitterUnsigned,
        .isolationIgnored, .revocationCleared, .revokerIgnored, .constitutionIgnored, .thresholdOffByOne, .staleHeader, .wrongPath,
        .stateRootWithoutLeaf, .logRootOfAnotherSize:
        .calm
      case .forgetfulPeers: .disks
      default: .chaos
      }
    }
  }
#endif
