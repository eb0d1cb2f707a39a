import CairnSimulator
import Foundation
import Testing

@Suite struct ScenarioTests {
  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return files.filter { $0.hasSuffix(".scenario") }.sorted()
  }()

  private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Scenarios")

  @Test("There are scenarios for the situations that matter") func count() {
    #expect(Self.names.count >= 30)
  }

  @Test("What a scenario expects comes true, and nothing is violated", arguments: names) func scenario(_ name: String) throws {
    let text = try String(contentsOf: Self.directory.appendingPathComponent(name), encoding: .utf8)
    try Scenario(text, name: name).run()
  }

  @Test("Validators come and go in spite of losses and power cuts, whatever the dice say", arguments: UInt64(1)...8)
  func changingValidators(_ seed: UInt64) throws {
    var lines = ["nodes 6", "seed \(seed)", "loss 150", "latency 5 150", "submit 3"]
    let moments = ["proposal", "notarize", "nullify", "finalize"]
    for round in 0..<3 {
      let (gone, down) = ((Int(seed) + round) % 6, (Int(seed) + round + 1) % 6)
      lines += [
        "remove \(gone)", "crash \(down) at \(moments[(Int(seed) + round) % 2 * 3])", "run 1000", "start \(down)", "until settled",
        "until epoch \(2 * round + 1)", "submit 2", "admit \(gone)", "crash \(gone) at notarize", "run 500", "start \(gone)",
        "until settled",
        "until epoch \(2 * round + 2)",
      ]
    }
    lines += ["heal", "until more 3", "until level", "expect voting all", "expect no evidence", "expect fired epoch"]
    try Scenario(lines.joined(separator: "\n"), name: "validators \(seed)").run()
  }

  @Test(
    "A scenario that cannot be read, or is not fulfilled, says in which line",
    arguments: [
      ("run 10\njump 3", 2), ("expect height 9", 1), ("until height 1 within 10", 1), ("nodes four", 1), ("crash 7", 1),
      ("byzantine 1 joker", 1), ("expect down 0", 1), ("timer nap 3", 1),
    ])
  func problem(_ text: String, _ line: Int) {
    let error = #expect(throws: ScenarioError.self) { try Scenario(text, name: "broken").run() }
    #expect(error?.line == line)
  }
}
