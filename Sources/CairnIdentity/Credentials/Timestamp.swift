/// A moment in Unix milliseconds, from year 1 to 9999.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z: what four digits of a year can write.
  public static let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

  /// Within ``range``.
  public let milliseconds: Int64

  /// - Parameter milliseconds: since 1970-01-01T00:00:00Z; beyond ``range`` the end of it is taken.
  public init(milliseconds: Int64) { self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound) }

  /// Stays within ``range``.
  public func adding(milliseconds other: Int64) -> Timestamp {
    let (sum, overflow) = milliseconds.addingReportingOverflow(other)
    return Timestamp(milliseconds: overflow ? (other < 0 ? .min : .max) : sum)
  }

  /// From `other` to this moment; no two moments are further apart than the result can hold.
  public func millisecondsSince(_ other: Timestamp) -> Int64 { milliseconds - other.milliseconds }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp {
  /// A JWT's NumericDate (RFC 7519, section 2): Unix seconds, a fraction allowed; `nil` beyond ``range``.
  public init?(numericDate: Double) {
    let milliseconds = (numericDate * 1000).rounded(.down)
    guard let value = Int64(exactly: milliseconds), Self.range.contains(value) else { return nil }
    self.milliseconds = value
  }

  /// Whole seconds, rounded down.
  public var numericDate: Double { (Double(milliseconds) / 1000).rounded(.down) }
}
