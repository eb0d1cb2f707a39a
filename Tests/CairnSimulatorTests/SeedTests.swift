import CairnConsensus
import CairnSimulator
import Testing

/// Whole lives of networks, each drawn from its seed.
@Suite struct SeedTests {
  /// As many as fit into the time of a test run; `cairn simulate --seeds 100000` goes on.
  private static let seeds: Range<UInt64> = 0..<1_500

  @Test("Whatever goes wrong, nothing is violated; and everything does go wrong") func chaos() async throws {
    let coverage = try await withThrowingTaskGroup(of: Coverage.self) { group in
      for first in stride(from: Self.seeds.lowerBound, to: Self.seeds.upperBound, by: 10) {
        group.addTask {
          var coverage = Coverage()
          for seed in first..<first + 10 { coverage.add(try Self.run(SimulationOptions(seed: seed))) }
          // A wrong block that comes through to be judged is rare where messages are lost.
          for seed in first / 5..<first / 5 + 2 { coverage.add(try Self.run(SimulationOptions(seed: seed, profile: .byzantine))) }
          return coverage
        }
      }
      return try await group.reduce(into: Coverage()) { $0.add($1) }
    }
    let missing = Self.mustFire.filter { coverage[$0] == 0 }
    #expect(missing.isEmpty, "never happened: \(missing)")
  }

  /// Every fault, adversary, rule, time-out and operation: a generator that leaves one out tests nothing of it.
  private static let mustFire: [String] = [
    faults, disks, adversaries, rules, NullifyReason.allCases.map { "timeout_\($0.rawValue)" }, refusals, operations,
  ].flatMap(\.self)

  private static let faults = [
    "loss", "duplication", "reordering", "partition", "partition_one_way", "partition_rotating", "crash_before_send", "crash_after_send",
    "crash_before_write", "crash_after_write", "crash_before_sync", "crash_after_sync", "process_killed", "clock_jump",
  ]
  private static let disks = [
    "unsynced_lost", "unsynced_kept", "unsynced_torn", "failed_sync", "full_disk", "bit_flip", "older_copy", "older_chain",
    "older_safety_log", "wiped_disk", "follows_records_stale",
  ]
  private static let adversaries = [
    "equivocator", "conflicter", "nuller", "withholder", "impersonator", "outdated", "invalid_proposer", "certificate_forger", "flooder",
    "sibling", "liar",
  ]
  private static let rules = ["R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7"]
  private static let refusals = [
    "refused_execution", "refused_time_ahead", "refused_height", "refused_proposer", "answer_verified", "submitted_twice",
  ]
  private static let operations = [
    "did_create", "did_update", "did_rotate", "did_deactivate", "status_list_create", "status_list_update", "status_list_delegate",
    "session_batch_create", "agent_isolate", "agent_release", "governance_propose", "governance_approve", "contract_deploy",
    "contract_upgrade", "contract_freeze", "contract_attest", "access_record", "evidence_submit", "refused_mistake_stale",
    "refused_mistake_deactivated", "refused_mistake_expired", "refused_mistake_other_network", "refused_mistake_oversize",
    "refused_mistake_stolen_key", "refused_mistake_strangers_update", "refused_mistake_unsigned_submitter", "refused_mistake_isolated",
    "refused_mistake_unrevoked", "refused_mistake_foreign_revoker", "refused_mistake_no_registrar",
  ]

  @Test(
    "Each kind of fault by itself", arguments: SimulationProfile.allCases.filter { ![.chaos, .byzantine].contains($0) },
    0..<5 as Range<UInt64>)
  func profile(_ profile: SimulationProfile, _ part: UInt64) throws {
    for seed in 1_000 + part * 10..<1_010 + part * 10 { try Self.run(SimulationOptions(seed: seed, profile: profile)) }
  }

  @Test("Networks of other sizes", arguments: [1, 2, 3, 5, 7]) func size(_ nodes: Int) throws {
    for seed in 2_000..<2_002 as Range<UInt64> { try Self.run(SimulationOptions(seed: seed, nodes: nodes)) }
  }

  @Test("Twins, two processes with one key, in every network of four", arguments: 0..<4) func twins(_ twin: Int) throws {
    for seed in 3_000..<3_006 as Range<UInt64> {
      var options = SimulationOptions(seed: seed, profile: seed % 2 == 0 ? .network : .crashes)
      options.twins = [twin]
      try Self.run(options)
    }
  }

  /// Seeds that once found a bug of the product: a process was killed between a write and its sync, and what it had written was relied
  /// on by the next one, and gone with the next power cut.
  @Test("What was found once stays mended", arguments: [173, 746, 11_111] as [UInt64]) func regression(_ seed: UInt64) throws {
    try Self.run(SimulationOptions(seed: seed))
  }

  @discardableResult
  static func run(_ options: SimulationOptions) throws -> Coverage {
    weak var left: Simulation?
    let report = try {
      let simulation = try Simulation(options)
      left = simulation
      return simulation.run()
    }()
    #expect(left == nil, "a simulated process is still there; run it again with: \(options.command)")
    #expect(report.violation == nil, "\(report.violation.map(\.description) ?? ""); run it again with: \(options.command) --trace")
    return report.coverage
  }
}
