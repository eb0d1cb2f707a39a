import ArgumentParser
import CairnIdentity
import Foundation

/// A length of time from the command line: `90s`, `30m`, `8h`, `2d`.
struct DurationArgument: ExpressibleByArgument {
  private static let units: [Character: Int64] = ["s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
  /// Ten years: more is a mistake.
  private static let limitMilliseconds: Int64 = 3_653 * 86_400_000

  let milliseconds: Int64
  private let text: String

  private init(count: Int64, unit: Character) { (milliseconds, text) = (count * (Self.units[unit] ?? 0), "\(count)\(unit)") }

  /// For defaults.
  static func seconds(_ count: Int64) -> DurationArgument { DurationArgument(count: count, unit: "s") }
  static func minutes(_ count: Int64) -> DurationArgument { DurationArgument(count: count, unit: "m") }
  static func hours(_ count: Int64) -> DurationArgument { DurationArgument(count: count, unit: "h") }
  static func days(_ count: Int64) -> DurationArgument { DurationArgument(count: count, unit: "d") }

  init?(argument: String) {
    guard let unit = argument.last.flatMap({ Self.units[$0] }), let count = Int64(argument.dropLast()), count > 0 else { return nil }
    let (milliseconds, overflows) = count.multipliedReportingOverflow(by: unit)
    guard !overflows, milliseconds <= Self.limitMilliseconds else { return nil }
    (self.milliseconds, text) = (milliseconds, argument)
  }

  var defaultValueDescription: String { text }
}

/// A moment from the command line: `2026-01-31T12:00:00Z`, or Unix milliseconds.
struct MomentArgument: ExpressibleByArgument {
  let timestamp: Timestamp

  init?(argument: String) {
    if let timestamp = Timestamp(parsing: argument) {
      self.timestamp = timestamp
    } else if let milliseconds = Int64(argument), Timestamp.range.contains(milliseconds) {
      timestamp = Timestamp(milliseconds: milliseconds)
    } else {
      return nil
    }
  }
}

extension Timestamp {
  /// By the clock of this machine.
  static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }
}
