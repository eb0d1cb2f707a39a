import Foundation

/// Files that people hand to each other: the canonical bytes in Base64 between two lines that say what they are (RFC 7468), and above
/// them the same in words. The words are for people; only what is between the lines counts.
enum Armor {
  enum Label: String, CaseIterable {
    case entry = "CAIRN GENESIS ENTRY"
    case genesis = "CAIRN GENESIS"
    case evidence = "CAIRN EVIDENCE"

    var begin: String { "-----BEGIN \(rawValue)-----" }
    var end: String { "-----END \(rawValue)-----" }
    /// As a sentence has it.
    var name: String {
      switch self {
      case .entry: "genesis entry"
      case .genesis: "genesis file"
      case .evidence: "evidence file"
      }
    }
  }

  /// A genesis or evidence of 1 MiB in Base64, and the words above it.
  private static let byteLimit = 2 << 20

  static func encode(_ bytes: [UInt8], as label: Label, words: [String]) -> [UInt8] {
    let comment = words.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
    let base64 = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
    return Array((comment + label.begin + "\n" + base64 + "\n" + label.end + "\n").utf8)
  }

  static func read(_ path: String, as label: Label) throws(CommandFailure) -> [UInt8] {
    try decode(try Files.read(path, label.name, limit: byteLimit), as: label, path)
  }

  /// - Parameter path: where the text is from, for sentences.
  static func decode(_ text: [UInt8], as label: Label, _ path: String) throws(CommandFailure) -> [UInt8] {
    let text = String(decoding: text, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    guard let begin = lines.firstIndex(of: label.begin) else {
      if let other = Label.allCases.first(where: { lines.contains($0.begin) }) {
        throw .refused("wrong_file", "\(path) is a \(other.name), not a \(label.name): give the right file.")
      }
      throw .refused("malformed_file", "\(path) is not a \(label.name): it has no line \(label.begin).")
    }
    guard let end = lines.lastIndex(of: label.end), end == lines.index(before: lines.endIndex), begin < end,
      let data = Data(base64Encoded: lines[(begin + 1)..<end].joined())
    else {
      throw .refused("malformed_file", "The \(label.name) \(path) is damaged: get it again from whoever made it.")
    }
    return [UInt8](data)
  }
}
