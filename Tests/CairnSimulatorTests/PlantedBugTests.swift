#if DEBUG
  import CairnCrypto
  import CairnSimulator
  import Foundation
  import Testing

  @Suite struct PlantedBugTests {
    @Test("A rule that is left out is missed", arguments: PlantedBugHunt.bugs)
    func bug(_ name: String) throws {
      let caught = try #require(try PlantedBugHunt.hunt(name, guess: Self.documentedSeeds[name]))
      #expect(caught.seed != nil, "\(name) was not found with \(PlantedBugHunt.seedLimit) seeds")
    }

    @Test("As many rules are left out as the documentation says, and each is in its table") func table() {
      #expect(PlantedBug.allCases.count >= 46)
      let missing = PlantedBugHunt.bugs.filter { Self.documentedSeeds[$0] == nil }
      #expect(missing.isEmpty, "not in the table, which `cairn simulate --planted` prints: \(missing)")
    }

    /// By bug: the seed that the documentation's table names. It is tried first, which spares the tests minutes.
    private static let documentedSeeds: [String: UInt64] = {
      let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources/CairnSimulator")
      let text = (try? String(contentsOf: sources.appendingPathComponent("CairnSimulator.docc/Simulator.md"), encoding: .utf8)) ?? ""
      let rows = text.split(separator: "\n").map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
      let seeds = rows.compactMap { row in
        row.count == 4 ? UInt64(row[2]).map { (row[0].trimmingCharacters(in: CharacterSet(charactersIn: "`")), $0) } : nil
      }
      return Dictionary(seeds) { first, _ in first }
    }()

    /// No seed can catch it: whoever is fooled by it has an older disk and counts as faulty. A scenario does.
    @Test("A node that takes no notice of what its peers remember votes with an older disk") func forgetfulPeers() throws {
      let text = "until height 2\ncopy 2\nuntil more 4\nrestore 2\nstart 2\nrun 3000\nexpect following 2 records_stale"
      #expect(throws: ScenarioError.self) {
        try PlantedBug.$planted.withValue(.forgetfulPeers) { try Scenario(text, name: "restored").run() }
      }
    }

    @Test("Validators who go on as before when governance has changed them are missed") func nextValidatorsIgnored() throws {
      let text = "nodes 5\nsubmit 2\nuntil settled\nremove 3\nuntil epoch 1"
      #expect(throws: ScenarioError.self) {
        try PlantedBug.$planted.withValue(.nextValidatorsIgnored) { try Scenario(text, name: "removed").run() }
      }
    }

    @Test("A node that takes blocks for what a peer says they hold stops") func uncheckedWindow() throws {
      let text = try String(
        contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Scenarios/liar.scenario"),
        encoding: .utf8)
      #expect(throws: ScenarioError.self) {
        try PlantedBug.$planted.withValue(.uncheckedWindow) { try Scenario(text, name: "liar").run() }
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
