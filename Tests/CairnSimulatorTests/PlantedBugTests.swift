#if DEBUG
  import CairnCrypto
  import CairnSimulator
  import Foundation
  import Testing

  @Suite struct PlantedBugTests {
    @Test("A rule that is left out is missed", arguments: PlantedBugHunt.bugs)
    func bug(_ name: String) throws {
      let caught = try #require(try PlantedBugHunt.hunt(name))
      #expect(caught.seed != nil, "\(name) was not found with \(PlantedBugHunt.seedLimit) seeds")
    }

    /// No seed can catch it: whoever is fooled by it has an older disk and counts as faulty. A scenario does.
    @Test("A node that takes no notice of what its peers remember votes with an older disk") func forgetfulPeers() throws {
      let text = "until height 2\ncopy 2\nuntil more 4\nrestore 2\nstart 2\nrun 3000\nexpect following 2 records_stale"
      #expect(throws: ScenarioError.self) {
        try PlantedBug.$planted.withValue(.forgetfulPeers) { try Scenario(text, name: "restored").run() }
      }
    }

    @Test("A node that never catches up stays behind") func noCatchUp() throws {
      let text = "absent 3\nuntil height 300 within 400000\nstart 3\nuntil level"
      #expect(throws: ScenarioError.self) {
        try PlantedBug.$planted.withValue(.noCatchUp) { try Scenario(text, name: "late").run() }
      }
    }
  }
#endif
