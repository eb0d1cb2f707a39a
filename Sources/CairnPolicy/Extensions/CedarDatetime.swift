/// A moment in milliseconds since 1970-01-01T00:00:00Z, without leap seconds (`Cedar.Spec.Ext.Datetime`).
public struct CedarDatetime: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let milliseconds: Int64

  public static let millisecondsPerDay: Int64 = 86_400_000

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// `YYYY-MM-DD`, or that with `Thh:mm:ss`, optionally `.SSS`, and `Z` or an offset `±hhmm` of less than a day.
  public init?(parsing text: some StringProtocol) {
    var reader = FixedReader(bytes: Array(text.utf8))
    guard let year = reader.number(digits: 4), reader.take("-"), let month = reader.number(digits: 2), reader.take("-"),
      let day = reader.number(digits: 2), let days = Self.days(year: year, month: month, day: day)
    else { return nil }
    if reader.isAtEnd {
      milliseconds = days * Self.millisecondsPerDay
      return
    }
    guard reader.take("T"), let hour = reader.number(digits: 2), reader.take(":"), let minute = reader.number(digits: 2),
      reader.take(":"), let second = reader.number(digits: 2), hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction: Int64 = 0
    if reader.take(".") {
      guard let milliseconds = reader.number(digits: 3) else { return nil }
      fraction = milliseconds
    }
    guard let offset = Self.offsetMinutes(&reader), reader.isAtEnd else { return nil }
    let minutes = hour * 60 + minute - offset
    milliseconds = days * Self.millisecondsPerDay + minutes * 60_000 + second * 1000 + fraction
  }

  private static func offsetMinutes(_ reader: inout FixedReader) -> Int64? {
    if reader.take("Z") { return 0 }
    let isNegative = reader.take("-")
    guard isNegative || reader.take("+"), let hours = reader.number(digits: 2), let minutes = reader.number(digits: 2), hours < 24,
      minutes < 60
    else { return nil }
    return isNegative ? -(hours * 60 + minutes) : hours * 60 + minutes
  }

  /// Days since 1970-01-01 in the proleptic Gregorian calendar; `nil` when there is no such day.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...12).contains(month), day >= 1, day <= lengths[Int(month) - 1] else { return nil }
    let before = lengths[..<(Int(month) - 1)].reduce(0, +)
    // Whole years since year 0, plus the leap days among them; year 0 is a leap year.
    let leapDays = year == 0 ? 0 : (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1
    return year * 365 + leapDays + before + day - 1 - 719_528
  }

  /// - Returns: `nil` beyond the range of `Int64`.
  public func offset(by duration: CedarDuration) -> CedarDatetime? {
    let (sum, overflow) = milliseconds.addingReportingOverflow(duration.milliseconds)
    return overflow ? nil : CedarDatetime(milliseconds: sum)
  }

  /// - Returns: `nil` beyond the range of `Int64`.
  public func duration(since other: CedarDatetime) -> CedarDuration? {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
    return overflow ? nil : CedarDuration(milliseconds: difference)
  }

  /// The day's beginning; `nil` beyond the range of `Int64`.
  public var date: CedarDatetime? {
    let (beginning, overflow) = milliseconds.subtractingReportingOverflow(timeOfDay.milliseconds)
    return overflow ? nil : CedarDatetime(milliseconds: beginning)
  }

  /// Since the day's beginning, never negative.
  public var timeOfDay: CedarDuration {
    let remainder = milliseconds % Self.millisecondsPerDay
    return CedarDuration(milliseconds: remainder < 0 ? remainder + Self.millisecondsPerDay : remainder)
  }

  public static func < (left: CedarDatetime, right: CedarDatetime) -> Bool { left.milliseconds < right.milliseconds }

  /// Milliseconds since 1970; see ``CedarValue/expression`` for a text that the language reads back.
  public var description: String { "1970-01-01 + \(milliseconds)ms" }
}

/// Reads fields of fixed width.
private struct FixedReader {
  let bytes: [UInt8]
  var index = 0

  var isAtEnd: Bool { index == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  mutating func number(digits: Int) -> Int64? {
    guard bytes.count - index >= digits, bytes[index..<(index + digits)].allSatisfy(Digits.isDigit) else { return nil }
    defer { index += digits }
    return Digits.int64(bytes[index..<(index + digits)])
  }
}
