import ArgumentParser
import Foundation

/// Human text, or JSON for programs.
struct OutputOptions: ParsableArguments {
  @Flag(name: .customLong("json"), help: "Print JSON for programs instead of text.")
  var isJSON = false

  /// Prints one result.
  ///
  /// - Parameter text: for people, without the last line's end.
  func print(_ value: some Encodable, text: @autoclosure () -> String) {
    Output.write((isJSON ? Output.json(value) : text()) + "\n", to: .standardOutput)
  }
}

enum Output {
  /// At once and unbuffered: whoever reads a pipe waits for the line.
  static func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data(text.utf8))
  }

  /// One line, snake_case keys in a stable order.
  static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("results are strings, numbers and lists of them") }
    return String(decoding: data, as: UTF8.self)
  }

  /// `label  value` lines, the values in one column.
  static func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { label, value in
      label.padding(toLength: width + 2, withPad: " ", startingAt: 0) + value
    }.joined(separator: "\n")
  }

  /// Unix time in milliseconds as ISO 8601 in UTC, with whole seconds.
  static func time(_ milliseconds: UInt64) -> String {
    Date(timeIntervalSince1970: TimeInterval(milliseconds / 1_000)).formatted(.iso8601)
  }

  /// A length of time in its largest unit, rounded down: `3 days`, `1 hour`.
  static func age(_ milliseconds: UInt64) -> String {
    let units: [(UInt64, String)] = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute")]
    let (size, name) = units.first { milliseconds >= $0.0 } ?? (1_000, "second")
    let count = milliseconds / size
    return "\(count) \(name)\(count == 1 ? "" : "s")"
  }
}
