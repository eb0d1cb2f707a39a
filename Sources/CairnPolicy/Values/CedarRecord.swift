/// A record: values by attribute name, sorted by name, no name twice (`Cedar.Data.Map`).
public struct CedarRecord: Hashable, Sendable {
  public struct Field: Hashable, Sendable {
    public let key: Text
    public let value: CedarValue

    public init(_ key: Text, _ value: CedarValue) {
      self.key = key
      self.value = value
    }
  }

  public let fields: [Field]

  public static let empty = CedarRecord(sorted: [])

  /// - Returns: `nil` when one name occurs twice.
  public init?(_ fields: [Field]) {
    let sorted = fields.sorted { $0.key < $1.key }
    for (field, next) in zip(sorted, sorted.dropFirst()) where field.key == next.key { return nil }
    self.fields = sorted
  }

  /// - Parameter sorted: by name, no name twice.
  init(sorted: [Field]) { fields = sorted }

  public var isEmpty: Bool { fields.isEmpty }

  public subscript(key: Text) -> CedarValue? {
    var low = 0
    var high = fields.count
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].key == key { return fields[middle].value }
      if fields[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}

extension CedarRecord: Comparable {
  public static func < (left: CedarRecord, right: CedarRecord) -> Bool {
    for (left, right) in zip(left.fields, right.fields) {
      if left.key != right.key { return left.key < right.key }
      if left.value != right.value { return left.value < right.value }
    }
    return left.fields.count < right.fields.count
  }
}

extension CedarRecord {
  /// What the record counts for against ``PolicyLimits``: 8 for every value, and its text in UTF-8.
  public var byteCount: Int { fields.reduce(8) { $0 + $1.key.byteCount + $1.value.byteCount } }
}

extension CedarValue {
  /// See ``CedarRecord/byteCount``.
  var byteCount: Int {
    switch self {
    case .string(let text): 8 + text.byteCount
    case .entity(let uid): 8 + uid.type.path.byteCount + uid.identifier.byteCount
    case .set(let set): set.elements.reduce(8) { $0 + $1.byteCount }
    case .record(let record): record.byteCount
    case .bool, .long, .decimal, .datetime, .duration: 8
    case .ipAddress: 24
    }
  }
}
