/// A moment as DID resolution writes it: XML Schema `dateTime` in UTC, for example `2026-01-31T23:59:59Z`.
struct DateTime: Hashable {
  /// The last millisecond that the text means: a text without a fraction means its whole second.
  ///
  /// Metadata has whole seconds. So a version that metadata says is of some second is the one that `versionTime` with that very
  /// text finds, although the ledger counts milliseconds.
  let milliseconds: UInt64

  /// `nil` for anything else than `YYYY-MM-DDThh:mm:ss` with an optional fraction of 1...9 digits and a `Z`, from 1970 to 9999. No
  /// leap seconds and no 24:00:00: the ledger's clock has neither.
  init?(parsing text: String) {
    let bytes = Array(text.utf8.prefix(31))
    guard (20...30).contains(bytes.count), bytes.last == UInt8(ascii: "Z") else { return nil }
    for (position, separator) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] {
      guard bytes[position] == separator.utf8.first else { return nil }
    }
    guard let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]), let day = Self.number(bytes[8..<10]),
      let hour = Self.number(bytes[11..<13]), let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19])
    else { return nil }
    guard year >= 1970, (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    guard let fraction = Self.fraction(bytes[19..<(bytes.count - 1)]) else { return nil }
    let seconds = ((Self.daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    milliseconds = UInt64(seconds) * 1000 + UInt64(fraction)
  }

  /// Unix time, whole seconds: DID resolution has no fractions.
  static func text(milliseconds: UInt64) -> String {
    // The last moment with a year of four digits; a header cannot state a later one that anybody could write down.
    let seconds = Int(min(milliseconds / 1000, 253_402_300_799))
    let (days, second) = (seconds / 86_400, seconds % 86_400)
    let (year, month, day) = date(daysSince1970: days)
    let parts = [(month, "-"), (day, "-"), (second / 3600, "T"), (second / 60 % 60, ":"), (second % 60, ":")]
    return "\(year)" + parts.map { $0.1 + ($0.0 < 10 ? "0" : "") + "\($0.0)" }.joined() + "Z"
  }

  /// Milliseconds, smaller parts cut off; the last one of the second without a fraction.
  private static func fraction(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let point = bytes.first else { return 999 }
    let digits = bytes.dropFirst()
    guard point == UInt8(ascii: "."), !digits.isEmpty, number(digits) != nil else { return nil }
    return number((Array(digits) + [UInt8](repeating: UInt8(ascii: "0"), count: 3)).prefix(3))
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let years = year - 1
    let before = years * 365 + years / 4 - years / 100 + years / 400
    return before - 719_162 + (1..<month).reduce(0) { $0 + days(in: $1, of: year) } + day - 1
  }

  private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    // No year has fewer days, so that this is never too late by more than the few years that the loop takes back.
    var year = 1970 + days / 365
    while daysSince1970(year, 1, 1) > days { year -= 1 }
    var rest = days - daysSince1970(year, 1, 1)
    var month = 1
    while rest >= Self.days(in: month, of: year) {
      rest -= Self.days(in: month, of: year)
      month += 1
    }
    return (year, month, rest + 1)
  }
}
