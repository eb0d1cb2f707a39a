/// A set of values: sorted, no value twice (`Cedar.Data.Set`).
public struct CedarSet: Hashable, Sendable {
  public let elements: [CedarValue]

  public static let empty = CedarSet([])

  public init(_ values: [CedarValue]) {
    guard values.count > 1 else {
      elements = values
      return
    }
    var unique: [CedarValue] = []
    unique.reserveCapacity(values.count)
    for value in values.sorted() where unique.last != value { unique.append(value) }
    elements = unique
  }

  public var isEmpty: Bool { elements.isEmpty }

  public func contains(_ value: CedarValue) -> Bool {
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low + high) / 2
      if elements[middle] == value { return true }
      if elements[middle] < value { low = middle + 1 } else { high = middle }
    }
    return false
  }

  public func isSubset(of other: CedarSet) -> Bool {
    var index = 0
    for element in elements {
      while index < other.elements.count, other.elements[index] < element { index += 1 }
      guard index < other.elements.count, other.elements[index] == element else { return false }
      index += 1
    }
    return true
  }

  public func intersects(_ other: CedarSet) -> Bool {
    var index = 0
    for element in elements {
      while index < other.elements.count, other.elements[index] < element { index += 1 }
      guard index < other.elements.count else { return false }
      if other.elements[index] == element { return true }
    }
    return false
  }
}

extension CedarSet: Comparable {
  public static func < (left: CedarSet, right: CedarSet) -> Bool { left.elements.lexicographicallyPrecedes(right.elements) }
}
