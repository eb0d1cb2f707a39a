import CairnFuzz
import Foundation

/// Files that only commands read.
extension FuzzTarget {
  static let ofCommands: [FuzzTarget] = [armor, configuration]

  /// Whatever is between the two lines is the same again when it is written.
  private static let armor = FuzzTarget(
    "armor", "files that people hand to each other: Base64 between two lines, below words", byteLimit: 16 << 10,
    words: Armor.Label.allCases.flatMap { [$0.begin, $0.end] } + ["\n", "\r\n", "# ", "=", "AAAA", " "],
    seeds: {
      Armor.Label.allCases.map { label in
        Armor.encode(Array((0..<200).map { UInt8($0) }), as: label, words: ["What this is.", "", "Check it."])
      }
    }
  ) { input in
    var isAccepted = false
    for label in Armor.Label.allCases {
      guard let bytes = try? Armor.decode(input, as: label, "input") else { continue }
      let again = try Armor.decode(Armor.encode(bytes, as: label, words: ["again"]), as: label, "input")
      try require(again == bytes, "what was read is written otherwise")
      isAccepted = true
    }
    return isAccepted
  }

  /// Every setting is one that there is, and what it says is parsed or refused by a sentence.
  private static let configuration = FuzzTarget(
    "configuration", "configuration files of nodes: YAML, names and values", byteLimit: 16 << 10,
    words: Setting.allCases.map(\.rawValue) + [
      "\n  ", ": ", "- ", "&a ", "*a", "<<: ", "!!binary ", "|\n", ">-\n", "'", "\"", "{", "}", "[", "]", "? ", "# ",
    ],
    seeds: { [Array("listen:\n  peers: 127.0.0.1:1\n  http: off\nlog:\n  level: info\npeers:\n  one: a.example:7\nvoting: true\n".utf8)] }
  ) { input in
    guard var settings = try? NodeSettings(file: nil, environment: [:], overrides: []) else {
      throw FuzzFinding(description: "the defaults are refused")
    }
    do throws(CommandFailure) { try settings.read(input, "node.yaml") } catch {
      try require(!error.reason.isEmpty && !error.description.isEmpty, "a refusal without a reason")
      return false
    }
    var preparation = Preparation(settings: settings)
    for setting in [Setting.listenPeers, .listenHTTP] { _ = preparation.optionalAddress(setting) }
    _ = preparation.boolean(.voting)
    _ = (preparation.log(), preparation.timers())
    try require(preparation.problems.allSatisfy { !$0.description.isEmpty }, "a refusal without a sentence")
    return true
  }
}
