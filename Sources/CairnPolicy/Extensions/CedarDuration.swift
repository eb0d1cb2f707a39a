/// A span of time in milliseconds (`Cedar.Spec.Ext.Datetime.Duration`).
public struct CedarDuration: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// `-?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?` with at least one unit.
  public init?(parsing text: some StringProtocol) {
    var rest = Array(text.utf8)[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return nil }
    var products: [(Int64, Int64)] = []
    var units = Self.units[...]
    while !rest.isEmpty {
      let digits = rest.prefix { Digits.isDigit($0) }
      let name = rest[digits.endIndex...].prefix { !Digits.isDigit($0) }
      guard !digits.isEmpty, let unit = units.firstIndex(where: { name.elementsEqual($0.name.utf8) }),
        let count = Digits.int64(digits, isNegative: isNegative)
      else { return nil }
      products.append((count, units[unit].milliseconds))
      units = units[(unit + 1)...]
      rest = rest[name.endIndex...]
    }
    guard let sum = Digits.sum(products.reversed()) else { return nil }
    milliseconds = sum
  }

  private static let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  public var seconds: Int64 { milliseconds / 1000 }
  public var minutes: Int64 { seconds / 60 }
  public var hours: Int64 { minutes / 60 }
  public var days: Int64 { hours / 24 }

  public static func < (left: CedarDuration, right: CedarDuration) -> Bool { left.milliseconds < right.milliseconds }

  public var description: String { "\(milliseconds)ms" }
}
