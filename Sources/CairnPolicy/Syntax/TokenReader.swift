/// Walks over tokens; what the policy parser and the schema parser share.
struct TokenReader {
  let source: [UInt8]
  private let tokens: [Token]
  private var position = 0

  init(_ source: [UInt8]) throws(PolicySyntaxError) {
    self.source = source
    tokens = try Lexer.tokens(of: source)
  }

  var current: Token { tokens[position] }

  /// The token after the current one, or the end.
  var following: Token { tokens[min(position + 1, tokens.count - 1)] }

  var isAtEnd: Bool { current.kind == .end }

  /// Where the current token begins, in bytes.
  var offset: Int { current.range.lowerBound }

  /// Where the token before the current one ends, in bytes.
  var previousEnd: Int { position == 0 ? 0 : tokens[position - 1].range.upperBound }

  func text(of token: Token) -> String { String(decoding: source[token.range], as: UTF8.self) }

  mutating func advance() { position = min(position + 1, tokens.count - 1) }

  func isAt(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

  func isAt(keyword: String) -> Bool { current.kind == .identifier && source[current.range].elementsEqual(keyword.utf8) }

  mutating func take(_ symbol: Token.Symbol) -> Bool {
    guard isAt(symbol) else { return false }
    advance()
    return true
  }

  mutating func take(keyword: String) -> Bool {
    guard isAt(keyword: keyword) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: Token.Symbol, _ purpose: String) throws(PolicySyntaxError) {
    guard take(symbol) else { throw unexpected("`\(symbol.rawValue)` \(purpose)") }
  }

  /// Any identifier, a keyword too.
  mutating func anyIdentifier(_ purpose: String) throws(PolicySyntaxError) -> String {
    guard current.kind == .identifier else { throw unexpected(purpose) }
    defer { advance() }
    return text(of: current)
  }

  /// An identifier that is neither a keyword nor reserved for the language.
  mutating func name(_ purpose: String) throws(PolicySyntaxError) -> String {
    guard current.kind == .identifier else { throw unexpected(purpose) }
    let name = text(of: current)
    guard Identifiers.isName(name) else { throw failure(.reservedIdentifier, "`\(name)` is reserved") }
    advance()
    return name
  }

  /// The text of a string literal.
  mutating func string(_ purpose: String, byteLimit: Int) throws(PolicySyntaxError) -> Text {
    let start = offset
    let literal = try literal(purpose)
    let text: Text
    do throws(StringEscapes.Failure) {
      text = Text(try StringEscapes.unescape(literal))
    } catch {
      throw invalidEscape(error, in: literal)
    }
    guard text.byteCount <= byteLimit else { throw tooLong(byteLimit, at: start) }
    return text
  }

  mutating func pattern(_ purpose: String, byteLimit: Int) throws(PolicySyntaxError) -> Pattern {
    let start = offset
    let literal = try literal(purpose)
    guard literal.count <= byteLimit else { throw tooLong(byteLimit, at: start) }
    do throws(StringEscapes.Failure) {
      return try StringEscapes.pattern(literal)
    } catch {
      throw invalidEscape(error, in: literal)
    }
  }

  /// The inside of a string literal.
  private mutating func literal(_ purpose: String) throws(PolicySyntaxError) -> ArraySlice<UInt8> {
    guard current.kind == .string else { throw unexpected(purpose) }
    defer { advance() }
    return source[current.range].dropFirst().dropLast()
  }

  private func tooLong(_ byteLimit: Int, at offset: Int) -> PolicySyntaxError {
    PolicySyntaxError(.stringTooLong, "the string is longer than \(byteLimit) bytes", at: offset, in: source)
  }

  private func invalidEscape(_ error: StringEscapes.Failure, in literal: ArraySlice<UInt8>) -> PolicySyntaxError {
    PolicySyntaxError(.invalidEscape, error.message, at: literal.startIndex + error.offset, in: source)
  }

  /// At the current token.
  func failure(_ reason: PolicySyntaxError.Reason, _ message: String, suggestion: String? = nil) -> PolicySyntaxError {
    PolicySyntaxError(reason, message, at: offset, in: source, suggestion: suggestion)
  }

  /// - Parameters:
  ///   - expected: with its article, or quoted.
  ///   - known: identifiers that could stand here, for a suggestion.
  func unexpected(_ expected: String, known: [String] = []) -> PolicySyntaxError {
    guard !isAtEnd else {
      // Where something is missing, rather than below what blank lines and comments follow.
      return PolicySyntaxError(.unexpectedEnd, "expected \(expected), found the end of the text", at: previousEnd, in: source)
    }
    let found = text(of: current)
    let shown = found.utf8.count > 40 ? "a long token" : "`\(found)`"
    return failure(
      .unexpectedToken, "expected \(expected), found \(shown)", suggestion: NearestName.nearest(to: found, in: known))
  }
}
