/// A value of Cedar (`Cedar.Spec.Value`).
public enum CedarValue: Hashable, Sendable {
  case bool(Bool)
  case long(Int64)
  case string(Text)
  case entity(EntityUID)
  case set(CedarSet)
  case record(CedarRecord)
  case decimal(CedarDecimal)
  case ipAddress(CedarIPAddress)
  case datetime(CedarDatetime)
  case duration(CedarDuration)
}

extension CedarValue: Comparable {
  /// A total order without meaning in the language; it keeps sets canonical, so that nothing depends on hash seeds.
  public static func < (left: CedarValue, right: CedarValue) -> Bool {
    switch (left, right) {
    case (.bool(let left), .bool(let right)): !left && right
    case (.long(let left), .long(let right)): left < right
    case (.string(let left), .string(let right)): left < right
    case (.entity(let left), .entity(let right)): left < right
    case (.set(let left), .set(let right)): left < right
    case (.record(let left), .record(let right)): left < right
    case (.decimal(let left), .decimal(let right)): left < right
    case (.ipAddress(let left), .ipAddress(let right)): left < right
    case (.datetime(let left), .datetime(let right)): left < right
    case (.duration(let left), .duration(let right)): left < right
    default: left.kind.rawValue < right.kind.rawValue
    }
  }
}

extension CedarValue {
  /// What a value is, for messages and for the order between values of different kinds.
  public enum Kind: Int, Sendable {
    case bool, long, string, entity, set, record, decimal, ipAddress, datetime, duration
  }

  public var kind: Kind {
    switch self {
    case .bool: .bool
    case .long: .long
    case .string: .string
    case .entity: .entity
    case .set: .set
    case .record: .record
    case .decimal: .decimal
    case .ipAddress: .ipAddress
    case .datetime: .datetime
    case .duration: .duration
    }
  }

  /// How expensive it is to read the value once, in the unit of ``EvaluationCost``.
  var weight: Int {
    switch self {
    case .string(let text): EvaluationCost.ofBytes(text.byteCount)
    case .entity(let uid): uid.weight
    case .set(let set): set.elements.reduce(1) { $0 &+ $1.weight }
    case .record(let record): record.fields.reduce(1) { $0 &+ $1.value.weight &+ EvaluationCost.ofBytes($1.key.byteCount) }
    case .bool, .long, .decimal, .ipAddress, .datetime, .duration: 1
    }
  }
}

extension EntityUID {
  /// See ``CedarValue/weight``.
  var weight: Int { EvaluationCost.ofBytes(identifier.byteCount &+ type.path.byteCount) }
}

extension CedarValue.Kind {
  /// The language's name of the type.
  public var name: String {
    switch self {
    case .bool: "bool"
    case .long: "long"
    case .string: "string"
    case .entity: "entity"
    case .set: "set"
    case .record: "record"
    case .decimal: "decimal"
    case .ipAddress: "ipaddr"
    case .datetime: "datetime"
    case .duration: "duration"
    }
  }
}
