/// A lexical token of policies and of human-readable schemas, and where it is.
struct Token {
  enum Kind: Equatable {
    case identifier
    case number
    /// Quotes included in the range.
    case string
    /// `?principal`, the question mark included in the range.
    case slot
    case symbol(Symbol)
    case end
  }

  enum Symbol: String, CaseIterable {
    case at = "@"
    case dot = "."
    case comma = ","
    case semicolon = ";"
    case colon = ":"
    case pathSeparator = "::"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBrace = "{"
    case closeBrace = "}"
    case openBracket = "["
    case closeBracket = "]"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case or = "||"
    case and = "&&"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case modulo = "%"
    case not = "!"
    case assign = "="
    case question = "?"
  }

  let kind: Kind
  /// In bytes of the source.
  let range: Range<Int>
}
