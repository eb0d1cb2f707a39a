import CairnPolicy
import Testing

@Suite struct PatternTests {
  private func matches(_ text: String, _ pattern: String) throws -> Bool {
    let literal = Expression.literal(.string(Text(text)))
    guard case .like(_, let pattern) = try Expression(parsing: "\"\" like \"\(pattern)\"") else { return false }
    let value = try Expression.like(literal, pattern).evaluate(Sample.request(), entities: Entities.empty)
    return value == .bool(true)
  }

  @Test(
    "Texts that match",
    arguments: [
      ("", ""), ("", "*"), ("", "***"), ("abc", "abc"), ("abc", "*"), ("abc", "a*"), ("abc", "*c"), ("abc", "a*c"), ("abc", "*b*"),
      ("abc", "a**c"), ("aab", "*ab"), ("abab", "*ab"), ("ababab", "ab*ab*ab"), ("a*c", "a\\*c"), ("aXbXc", "a*b*c"), ("\u{1F600}x", "*x"),
      ("\u{1F600}", "\\u{1F600}"), ("aabaabaaab", "*aabaaab"), ("line\nbreak", "line*break"),
    ])
  func match(text: String, pattern: String) throws { #expect(try matches(text, pattern)) }

  @Test(
    "Texts that do not",
    arguments: [
      ("a", ""), ("", "a"), ("abc", "ab"), ("abc", "bc"), ("abc", "a*b"), ("ab", "ab*ab"), ("aba", "ab*ba"), ("abc", "a\\*c"),
      ("aXc", "a\\*c"),
      ("abc", "*d*"), ("A", "a"), ("abab", "ab*ab*ab"),
    ])
  func noMatch(text: String, pattern: String) throws { #expect(try !matches(text, pattern)) }

  /// The specification's definition, scalar by scalar.
  private func specified(_ text: [Character], _ pattern: [Character]) -> Bool {
    var row = [true] + [Bool](repeating: false, count: text.count)
    for element in pattern {
      var next = [element == "*" && row[0]] + [Bool](repeating: false, count: text.count)
      for (index, character) in text.enumerated() {
        next[index + 1] = element == "*" ? next[index] || row[index + 1] : character == element && row[index]
      }
      row = next
    }
    return row[text.count]
  }

  @Test("As the specification defines it, on random texts") func random() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in ["a", "b"].randomElement(using: &generator) ?? "a" }
      let pattern = (0..<Int.random(in: 0...8, using: &generator)).map { _ in ["a", "b", "*"].randomElement(using: &generator) ?? "*" }
      let expected = specified(text.map { Character($0) }, pattern.map { Character($0) })
      #expect(try matches(text.joined(), pattern.joined()) == expected, "\(text.joined()) like \(pattern.joined())")
    }
  }

  @Test("A pattern made to backtrack takes no longer than its length") func adversarial() throws {
    let text = String(repeating: "a", count: 4000)
    #expect(try !matches(text, String(repeating: "a*", count: 600) + "b"))
    #expect(try !matches(text, "*" + String(repeating: "a", count: 3000) + "b*"))
    #expect(try matches(text, String(repeating: "*a", count: 1000) + "*"))
  }
}
