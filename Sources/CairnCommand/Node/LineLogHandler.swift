import Foundation
import Logging

/// Logs on standard error: a line for people, or a JSON object a line for programs.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let label: String
  private let isJSON: Bool

  init(label: String, level: Logger.Level, isJSON: Bool) {
    (self.label, logLevel, self.isJSON) = (label, level, isJSON)
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
    let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    Output.write(
      (isJSON ? json(event, fields, time) : text(event, fields, time)) + "\n", to: .standardError)
  }

  private func text(_ event: LogEvent, _ fields: [(key: String, value: Logger.Metadata.Value)], _ time: String) -> String {
    let level = event.level.rawValue.uppercased().padding(toLength: 8, withPad: " ", startingAt: 0)
    return "\(time) \(level) \(event.message)" + fields.map { " \($0.key)=\($0.value)" }.joined()
  }

  /// What the caller says cannot break the line: it is encoded.
  private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.Metadata.Value)], _ time: String) -> String {
    var object = ["time": time, "level": event.level.rawValue, "logger": label, "message": event.message.description]
    for (key, value) in fields where object[key] == nil { object[key] = value.description }
    return Output.json(object)
  }
}
