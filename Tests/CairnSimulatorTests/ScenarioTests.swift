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
