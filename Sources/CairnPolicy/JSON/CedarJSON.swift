/// A JSON value (RFC 8259) as Cedar's formats use it: integers of 64 bits, keys by their exact code points.
public enum CedarJSON: Hashable, Sendable {
  public struct Member: Hashable, Sendable {
    public let key: Text
    public let value: CedarJSON

    public init(_ key: Text, _ value: CedarJSON) {
      self.key = key
      self.value = value
    }
  }

  case null
  case bool(Bool)
  case integer(Int64)
  /// A number with a fraction or an exponent, or beyond 64 bits: as written, since no format of Cedar has a use for it.
  case otherNumber(Text)
  case string(Text)
  case array([CedarJSON])
  /// In the order of the text. No key twice when it comes from the parser.
  case object([Member])
}

extension CedarJSON {
  public subscript(key: Text) -> CedarJSON? { object?.first { $0.key == key }?.value }

  public var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  public var string: Text? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  public var array: [CedarJSON]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  public var object: [Member]? {
    guard case .object(let value) = self else { return nil }
    return value
  }

  /// For messages.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a bool"
    case .integer: "an integer"
    case .otherNumber: "a number that is no 64-bit integer"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// Why a JSON text is not what a format asks for.
public struct CedarJSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Reason: String, Sendable {
    case tooLong = "policy_json_too_long"
    case malformed = "policy_json_malformed"
    case tooDeep = "policy_json_too_deep"
    case invalidUTF8 = "policy_json_invalid_utf8"
    case duplicateKey = "policy_json_duplicate_key"
    case missingMember = "policy_json_missing_member"
    case unexpectedMember = "policy_json_unexpected_member"
    case wrongType = "policy_json_wrong_type"
    case invalidName = "policy_json_invalid_name"
    case invalidValue = "policy_json_invalid_value"
    case unknownOperator = "policy_json_unknown_operator"
    case limitExceeded = "policy_json_limit_exceeded"
    case cycle = "policy_json_entity_cycle"
    case duplicateEntity = "policy_json_duplicate_entity"
    case notConforming = "policy_json_not_conforming"
  }

  public let reason: Reason
  public let message: String
  /// Keys and positions from the root to the place, for example `[3].attrs.age`.
  public let path: String

  init(_ reason: Reason, _ message: String, at path: JSONPath = .root) {
    self.reason = reason
    self.message = message
    self.path = path.description
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// Where in a JSON text something is.
struct JSONPath: CustomStringConvertible {
  private let parts: [String]

  static let root = JSONPath(parts: [])

  private init(parts: [String]) { self.parts = parts }

  subscript(key: Text) -> JSONPath { JSONPath(parts: parts + [(parts.isEmpty ? "" : ".") + key.string]) }

  subscript(index: Int) -> JSONPath { JSONPath(parts: parts + ["[\(index)]"]) }

  var description: String { parts.joined() }
}
