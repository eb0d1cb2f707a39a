import CairnPolicy

extension FuzzTarget {
  /// The text, a newline, and the pattern, in which a star is a wildcard.
  static let like = FuzzTarget(
    "like", "patterns of like, against what the specification says", byteLimit: 8 << 10,
    words: ["*", "**", "a*", "*a", "ab", "\u{e9}", "\n"],
    seeds: { ["abcabc\na*c", "\n*", "aaaaaaaaaaaaaaaa\n*a*a*a*b", "a\u{301}\u{e9}\n*\u{301}*"].map { Array($0.utf8) } }
  ) { input in
    guard let all = String(validating: input, as: UTF8.self) else { return false }
    let parts = all.unicodeScalars.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    let pieces = parts[1].split(separator: "*", omittingEmptySubsequences: false).map { Text(String(String.UnicodeScalarView($0))) }
    let matches = Pattern(pieces: pieces).matches(Text(String(String.UnicodeScalarView(parts[0]))))
    // Quadratic: for short ones only.
    guard parts[0].count <= 200, parts[1].count <= 200 else { return false }
    try require(matches == specified(Array(parts[0]), Array(parts[1])), "the specification says otherwise")
    return true
  }

  /// Which prefixes of the text each prefix of the pattern matches (`Cedar.Spec.wildcardMatch`).
  private static func specified(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
    var row = [true] + [Bool](repeating: false, count: text.count)
    for element in pattern {
      var next = [element == "*" && row[0]] + [Bool](repeating: false, count: text.count)
      for (index, scalar) in text.enumerated() {
        next[index + 1] = element == "*" ? next[index] || row[index + 1] : scalar == element && row[index]
      }
      row = next
    }
    return row[text.count]
  }

  static let extensions = FuzzTarget(
    "extensions", "decimal, ipaddr, datetime and duration in their text form", byteLimit: 256,
    words: ["-", ".", ":", "::", "/", "T", "Z", "+0000", "d", "h", "m", "s", "ms", "ffff", "255", "0000"],
    seeds: {
      ["1.2345", "-922337203685477.5808", "10.0.0.0/8", "::ffff:1", "2030-01-01", "2024-02-29T23:59:59.999+1400", "1d2h3m4s5ms"].map {
        Array($0.utf8)
      }
    }
  ) { input in
    guard let text = String(validating: input, as: UTF8.self) else { return false }
    var isAccepted = false
    for kind in ["decimal", "ip", "datetime", "duration"] {
      let escaped = text.unicodeScalars.map { "\\u{\(String($0.value, radix: 16))}" }.joined()
      guard let value = try? Expression(parsing: "\(kind)(\"\(escaped)\")").evaluate(PolicySample.shared.request, entities: Entities.empty)
      else { continue }
      let again = try value.expression.evaluate(PolicySample.shared.request, entities: Entities.empty)
      try require(again == value, "the value's expression has another value")
      isAccepted = true
    }
    return isAccepted
  }
}
