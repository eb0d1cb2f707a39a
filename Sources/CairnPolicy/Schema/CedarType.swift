/// A type of the validator (`Cedar.Validation.CedarType`); what permissive validation needs beyond the specification's types is marked.
public indirect enum CedarType: Hashable, Sendable {
  public enum Truth: Hashable, Sendable {
    case any, `true`, `false`
  }

  public enum Extension: String, CaseIterable, Hashable, Sendable {
    case ipAddress = "ipaddr"
    case decimal, datetime, duration
  }

  /// Subtype of every type: the elements of an empty set. Permissive validation only.
  case never
  case bool(Truth)
  case long
  case string
  /// One of these types: a single one but in permissive validation. Sorted, not empty.
  case entity([EntityTypeName])
  /// Any entity; what an operand has to be, not what an expression is.
  case anyEntity
  case set(CedarType)
  /// Any set; what an operand has to be, not what an expression is.
  case anySet
  case record(RecordType)
  case `extension`(Extension)

  public static func entity(_ name: EntityTypeName) -> CedarType { .entity([name]) }
}

/// The attributes of a record or an entity.
public struct RecordType: Hashable, Sendable {
  public struct Attribute: Hashable, Sendable {
    public let key: Text
    public let type: CedarType
    public let isRequired: Bool

    public init(_ key: Text, _ type: CedarType, isRequired: Bool) {
      self.key = key
      self.type = type
      self.isRequired = isRequired
    }
  }

  /// Sorted by name, no name twice.
  public let attributes: [Attribute]
  /// Whether there may be attributes that are not listed. Permissive validation only.
  public let isOpen: Bool

  public static let empty = RecordType(sorted: [])

  init(sorted: [Attribute], isOpen: Bool = false) {
    attributes = sorted
    self.isOpen = isOpen
  }

  public subscript(key: Text) -> Attribute? {
    var low = 0
    var high = attributes.count
    while low < high {
      let middle = (low + high) / 2
      if attributes[middle].key == key { return attributes[middle] }
      if attributes[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  func hasSameKeys(as other: RecordType) -> Bool {
    attributes.count == other.attributes.count && zip(attributes, other.attributes).allSatisfy { $0.key == $1.key }
  }
}

extension CedarType: CustomStringConvertible {
  /// For messages: what is deep inside, or one of many, is left out.
  public var description: String { text(levels: 3) }

  private static let shownLimit = 8

  private func text(levels: Int) -> String {
    switch self {
    case .never: "__cedar::internal::Never"
    case .bool(.any): "Bool"
    case .bool(.true): "__cedar::internal::True"
    case .bool(.false): "__cedar::internal::False"
    case .long: "Long"
    case .string: "String"
    case .entity(let names) where names.count == 1: names[0].description
    case .entity(let names): "__cedar::internal::Union<\(Self.list(names) { $0.description })>"
    case .anyEntity: "__cedar::internal::AnyEntity"
    case .set(let element): "Set<\(levels > 0 ? element.text(levels: levels - 1) : "…")>"
    case .anySet: "Set<__cedar::internal::Any>"
    case .record where levels == 0: "{…}"
    case .record(let record):
      "{\(Self.list(record.attributes) { "\($0.key)\($0.isRequired ? "" : "?"): \($0.type.text(levels: levels - 1))" })}"
    case .extension(let type): type.rawValue
    }
  }

  private static func list<Element>(_ elements: [Element], text: (Element) -> String) -> String {
    (elements.prefix(shownLimit).map(text) + (elements.count > shownLimit ? ["…"] : [])).joined(separator: ", ")
  }
}
