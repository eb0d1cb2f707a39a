import CairnSimulator
import Testing

/// Networks whose votes are signed in other processes.
@Suite struct SignerSeedTests {
  private static let mustFire = [
    "signer_away", "signer_lost_request", "signer_lost_answer", "signer_late", "signer_wrong_signature", "signer_signed_again",
    "crash_after_sync",
  ]

  @Test("A signer that fails, delays and drops makes no node say two things, and the network goes on when it is back")
  func signers() throws {
    var coverage = Coverage()
    for seed in 5_000..<5_016 as Range<UInt64> { coverage.add(try SeedTests.run(SimulationOptions(seed: seed, profile: .signers))) }
    let missing = Self.mustFire.filter { coverage[$0] == 0 }
    #expect(missing.isEmpty, "never happened: \(missing)")
  }
}
