import CairnSimulator
import Testing

/// Whole lives of networks, each drawn from its seed.
@Suite struct SeedTests {
  @Test("Whatever goes wrong, nothing is violated", arguments: 0..<20 as Range<UInt64>) func chaos(group: UInt64) throws {
    for seed in group * 5..<group * 5 + 5 { try Self.run(SimulationOptions(seed: seed)) }
  }

  @Test("Each kind of fault by itself", arguments: SimulationProfile.allCases.filter { $0 != .chaos })
  func profile(_ profile: SimulationProfile) throws {
    for seed in 1_000..<1_004 as Range<UInt64> { try Self.run(SimulationOptions(seed: seed, profile: profile)) }
  }

  @Test("Networks of other sizes", arguments: [1, 2, 3, 5, 7]) func size(_ nodes: Int) throws {
    for seed in 2_000..<2_002 as Range<UInt64> { try Self.run(SimulationOptions(seed: seed, nodes: nodes)) }
  }

  /// Seeds that once found a bug of the product: a process was killed between a write and its sync, and what it had written was relied
  /// on by the next one, and gone with the next power cut.
  @Test("What was found once stays mended", arguments: [173, 746, 11_111] as [UInt64]) func regression(_ seed: UInt64) throws {
    try Self.run(SimulationOptions(seed: seed))
  }

  static func run(_ options: SimulationOptions) throws {
    let report = try Simulation(options).run()
    #expect(report.violation == nil, "\(report.violation.map(\.description) ?? ""); run it again with: \(options.command) --trace")
  }
}
