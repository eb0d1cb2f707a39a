/// XML Schema's dateTimeStamp (XSD 1.1, part 2, section 3.4.28), the form of every time in a credential: a time zone is required.
/// Years have four digits, and a day ends before 24:00.
extension Timestamp {
  /// Digits of a fraction of a second that are read; those beyond milliseconds are cut off.
  private static let fractionDigitLimit = 12
  private static let millisecondsPerDay: Int64 = 86_400_000
  /// Days from 0000-03-01 to 1970-01-01.
  private static let epochDay: Int64 = 719_468

  /// - Parameter text: for example `2026-01-31T12:00:00Z` or `2026-01-31T14:00:00.5+02:00`.
  public init?(parsing text: some StringProtocol) {
    var reader = Reader(bytes: Array(text.utf8.prefix(Reader.byteLimit + 1)))
    guard reader.bytes.count <= Reader.byteLimit,
      let year = reader.number(digits: 4), year > 0, reader.take("-"),
      let month = reader.number(digits: 2), (1...12).contains(month), reader.take("-"),
      let day = reader.number(digits: 2), (1...Self.dayCount(year: year, month: month)).contains(day), reader.take("T"),
      let time = reader.timeOfDay(), let fraction = reader.fraction(limit: Self.fractionDigitLimit), let offset = reader.offset(),
      reader.isAtEnd
    else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    let value = days * Self.millisecondsPerDay + time + fraction - offset
    guard Self.range.contains(value) else { return nil }
    self.init(milliseconds: value)
  }

  /// Days from 1970-01-01; years start in March, so that the leap day is the last of its year.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - epochDay
  }

  private static func dayCount(year: Int64, month: Int64) -> Int64 {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension Timestamp: CustomStringConvertible {
  /// In UTC, with milliseconds only when there are any.
  public var description: String {
    // Within the range of this type both stay positive.
    let sinceMarch = Self.epochDay * Self.millisecondsPerDay + milliseconds
    let (day, time) = sinceMarch.quotientAndRemainder(dividingBy: Self.millisecondsPerDay)
    let (era, dayOfEra) = day.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(dayOfMonth, 2))"
    let seconds = time / 1000
    let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }.joined(separator: ":")
    let fraction = time % 1000
    return date + "T" + clock + (fraction == 0 ? "" : "." + Self.padded(fraction, 3)) + "Z"
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

private struct Reader {
  /// In bytes: the longest text is 37.
  static let byteLimit = 40

  let bytes: [UInt8]
  var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, UInt32(bytes[index]) == character.value else { return false }
    index += 1
    return true
  }

  mutating func number(digits count: Int) -> Int64? {
    guard bytes.count - index >= count else { return nil }
    var value: Int64 = 0
    for _ in 0..<count {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// In milliseconds.
  mutating func timeOfDay() -> Int64? {
    guard let hour = number(digits: 2), hour < 24, take(":"), let minute = number(digits: 2), minute < 60, take(":"),
      let second = number(digits: 2), second < 60
    else { return nil }
    return ((hour * 60 + minute) * 60 + second) * 1000
  }

  /// In milliseconds; 0 when there is none.
  mutating func fraction(limit: Int) -> Int64? {
    guard take(".") else { return 0 }
    var value: Int64 = 0
    var count = 0
    while let digit = digit() {
      count += 1
      if count <= 3 { value = value * 10 + digit }
    }
    guard (1...limit).contains(count) else { return nil }
    return count == 1 ? value * 100 : count == 2 ? value * 10 : value
  }

  /// Of the time zone, in milliseconds; at most 14 hours.
  mutating func offset() -> Int64? {
    if take("Z") { return 0 }
    let sign: Int64 = take("+") ? 1 : -1
    guard sign > 0 || take("-"), let hours = number(digits: 2), take(":"), let minutes = number(digits: 2), minutes < 60,
      hours * 60 + minutes <= 14 * 60
    else { return nil }
    return sign * (hours * 60 + minutes) * 60_000
  }

  private mutating func digit() -> Int64? {
    guard index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
    index += 1
    return Int64(bytes[index - 1] - UInt8(ascii: "0"))
  }
}
