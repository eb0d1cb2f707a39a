/// Why a text is no policy set or no schema, and where.
public struct PolicySyntaxError: Error, Equatable, Sendable {
  public enum Reason: String, Sendable {
    case invalidUTF8 = "policy_invalid_utf8"
    case unexpectedCharacter = "policy_unexpected_character"
    case unterminatedString = "policy_unterminated_string"
    case invalidEscape = "policy_invalid_escape"
    case unexpectedToken = "policy_unexpected_token"
    case unexpectedEnd = "policy_unexpected_end"
    case reservedIdentifier = "policy_reserved_identifier"
    case unknownIdentifier = "policy_unknown_identifier"
    case unknownFunction = "policy_unknown_function"
    case unknownMethod = "policy_unknown_method"
    case wrongArgumentCount = "policy_wrong_argument_count"
    case integerTooLarge = "policy_integer_too_large"
    case tooManyUnaryOperators = "policy_too_many_unary_operators"
    case ambiguousOperators = "policy_ambiguous_operators"
    case unsupportedOperator = "policy_unsupported_operator"
    case invalidScope = "policy_invalid_scope"
    case invalidSlot = "policy_invalid_slot"
    case invalidActionType = "policy_invalid_action_type"
    case emptyCondition = "policy_empty_condition"
    case duplicateKey = "policy_duplicate_key"
    case duplicateAnnotation = "policy_duplicate_annotation"
    case textTooLong = "policy_text_too_long"
    case tooManyPolicies = "policy_too_many_policies"
    case tooDeep = "policy_too_deep"
    case tooManyNodes = "policy_too_many_nodes"
    case setTooLarge = "policy_set_too_large"
    case stringTooLong = "policy_string_too_long"
  }

  public let reason: Reason
  /// One clause, lower case, without a full stop.
  public let message: String
  /// From 1.
  public let line: Int
  /// From 1, in Unicode scalars.
  public let column: Int
  /// The line itself, cut to a readable length.
  public let sourceLine: String
  /// What the author may have meant.
  public let suggestion: String?
}

extension PolicySyntaxError {
  /// In Unicode scalars.
  static let sourceLineLimit = 160

  /// - Parameter offset: in bytes.
  init(_ reason: Reason, _ message: String, at offset: Int, in source: [UInt8], suggestion: String? = nil) {
    let offset = min(offset, source.count)
    let newline = UInt8(ascii: "\n")
    let start = (source[..<offset].lastIndex(of: newline) ?? -1) + 1
    let end = source[offset...].firstIndex(of: newline) ?? source.count
    let line = String(decoding: source[start..<end], as: UTF8.self).unicodeScalars.prefix(Self.sourceLineLimit)
    self.reason = reason
    self.message = message
    self.line = source[..<start].count { $0 == newline } + 1
    column = String(decoding: source[start..<offset], as: UTF8.self).unicodeScalars.count + 1
    sourceLine = String(String.UnicodeScalarView(line.filter { $0 != "\r" }))
    self.suggestion = suggestion
  }
}

extension PolicySyntaxError: CustomStringConvertible {
  /// The message, the line and a caret under the place.
  public var description: String {
    let hint = suggestion.map { "; did you mean `\($0)`?" } ?? ""
    let number = String(line)
    let gutter = String(repeating: " ", count: number.utf8.count)
    let blank = sourceLine.unicodeScalars.prefix(column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
    return "\(line):\(column): \(message)\(hint)\n\(number) | \(sourceLine)\n\(gutter) | \(blank)^"
  }
}
