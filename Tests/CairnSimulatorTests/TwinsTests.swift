import CairnCrypto
import CairnSimulator
import Testing

/// Every way in which one validator of four, running twice, and a network that falls in two can mislead the others in the first views.
@Suite struct TwinsTests {
  /// Burnside's lemma over the sixteen partitions: (256 + 64 + 64 + 16) / 4 for either leader as the twin, whose processes and the two
  /// bystanders can change places, and (256 + 64) / 2 for a bystander.
  private static let scenarioCount = 360

  @Test("The space is the whole one, and no assignment is there twice", arguments: [(1, 15), (2, scenarioCount), (3, 9_216)])
  func space(_ views: Int, _ count: Int) throws {
    let campaign = try TwinsCampaign(views: views)
    #expect(campaign.scenarios.count == count)
    #expect(Set(campaign.scenarios).count == count)
    #expect(Set(campaign.scenarios.map(\.twin)).count == min(4, views + 1))
  }

  @Test("Twins violate nothing, whoever they are and whoever hears them") func campaign() async throws {
    let campaign = try TwinsCampaign(views: 2)
    let coverage = try await withThrowingTaskGroup(of: Coverage.self) { group in
      for first in stride(from: 0, to: campaign.scenarios.count, by: 10) {
        group.addTask {
          var coverage = Coverage()
          for number in first..<min(first + 10, campaign.scenarios.count) { coverage.add(try Self.run(campaign, number)) }
          return coverage
        }
      }
      return try await group.reduce(into: Coverage()) { $0.add($1) }
    }
    #expect(coverage["scenario"] == Self.scenarioCount)
    let missing = Self.mustFire.filter { coverage[$0] == 0 }
    #expect(missing.isEmpty, "never happened: \(missing)")
  }

  /// Two blocks of one view must have been signed, views given up, and statements of both kinds made of one view.
  private static let mustFire = ["partition_of_view", "twins_convicted", "R0", "R1", "R2", "R3", "R4", "R6", "R7"]

  private static func run(_ campaign: TwinsCampaign, _ number: Int) throws -> Coverage {
    let report = try campaign.run(number)
    #expect(
      report.violation == nil,
      "\(campaign.scenarios[number]): \(report.violation.map(\.description) ?? ""); run it again with: \(campaign.command(number)) --trace")
    var coverage = report.coverage
    coverage.add(Coverage(["scenario": 1]))
    return coverage
  }

  #if DEBUG
    @Test("A rule that is left out is missed by some assignment", arguments: ["small_quorum"]) func planted(_ name: String) throws {
      let bug = try #require(PlantedBug(rawValue: name))
      let campaign = try TwinsCampaign(views: 2)
      let isFound = try PlantedBug.$planted.withValue(bug) {
        try campaign.scenarios.indices.contains { try campaign.run($0).violation != nil }
      }
      #expect(isFound)
    }
  #endif
}
