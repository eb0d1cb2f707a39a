/// A decimal of at most four fractional digits (`Cedar.Spec.Ext.Decimal`).
public struct CedarDecimal: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The value times 10,000.
  public let tenThousandths: Int64

  public static let fractionDigitLimit = 4

  public init(tenThousandths: Int64) { self.tenThousandths = tenThousandths }

  /// `-?[0-9]+\.[0-9]{1,4}`, within -922337203685477.5808 and 922337203685477.5807.
  public init?(parsing text: some StringProtocol) {
    var bytes = Array(text.utf8)[...]
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative { bytes = bytes.dropFirst() }
    let whole = bytes.prefix { Digits.isDigit($0) }
    let point = whole.endIndex
    guard !whole.isEmpty, point < bytes.endIndex, bytes[point] == UInt8(ascii: ".") else { return nil }
    let fraction = bytes[(point + 1)...]
    guard (1...Self.fractionDigitLimit).contains(fraction.count), fraction.allSatisfy(Digits.isDigit) else { return nil }
    let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: Self.fractionDigitLimit - fraction.count)
    guard let value = Digits.int64(whole + fraction + zeros, isNegative: isNegative) else { return nil }
    tenThousandths = value
  }

  public static func < (left: CedarDecimal, right: CedarDecimal) -> Bool { left.tenThousandths < right.tenThousandths }

  /// With one to four fractional digits, as few as say it.
  public var description: String {
    let magnitude = tenThousandths.magnitude
    var fraction = Array(String(magnitude % 10_000 + 10_000).utf8.dropFirst())
    while fraction.count > 1, fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
    return "\(tenThousandths < 0 ? "-" : "")\(magnitude / 10_000).\(String(decoding: fraction, as: UTF8.self))"
  }
}
