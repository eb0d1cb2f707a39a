package import CoreMetrics
import Synchronization

/// A backend of swift-metrics that keeps the newest values and writes them as Prometheus reads them (its text exposition format 0.0.4).
///
/// A counter is a counter, a gauge a gauge, a timer or an aggregating recorder a histogram; timers in seconds.
package final class PrometheusRegistry: MetricsFactory {
  /// Series together. Labels come from this program, which has some dozens: more is a mistake in it, and what is too many is not kept.
  static let seriesLimit = 1_024

  /// One line of numbers: a name with its labels, both as they are written.
  private struct SeriesKey: Hashable {
    let name: String
    let labels: String
  }

  private let series = Mutex<[SeriesKey: any PrometheusSeries]>([:])

  package init() {}

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    find(label, dimensions, PrometheusCounter()) ?? NOOPMetricsHandler.instance
  }

  package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if aggregate { return find(label, dimensions, PrometheusHistogram()) ?? NOOPMetricsHandler.instance }
    return find(label, dimensions, PrometheusGauge()) ?? NOOPMetricsHandler.instance
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    find(label, dimensions, PrometheusHistogram()) ?? NOOPMetricsHandler.instance
  }

  // What has been counted stays: a series that went away would look like a restart.
  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  package func destroyTimer(_ handler: any TimerHandler) {}

  /// The series of this name and these labels, so that who asks twice counts on; `nil` when it is of another kind, or one too many.
  private func find<Series: PrometheusSeries>(_ label: String, _ dimensions: [(String, String)], _ new: Series) -> Series? {
    let key = SeriesKey(name: Self.name(label), labels: Self.labels(dimensions))
    return series.withLock { series in
      if let known = series[key] { return known as? Series }
      guard series.count < Self.seriesLimit, series.allSatisfy({ $0.key.name != key.name || $0.value is Series }) else { return nil }
      series[key] = new
      return new
    }
  }

  /// All series, sorted by name and labels.
  package var text: String {
    let all = series.withLock { $0 }.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
    var text = ""
    var name: String?
    for (key, series) in all {
      if key.name != name { text += "# TYPE \(key.name) \(series.type)\n" }
      name = key.name
      for line in series.lines { text += "\(key.name)\(line.suffix)\(Self.braced(key.labels, line.label)) \(line.value)\n" }
    }
    return text
  }

  private static func braced(_ labels: String, _ more: String) -> String {
    let all = [labels, more].filter { !$0.isEmpty }.joined(separator: ",")
    return all.isEmpty ? "" : "{\(all)}"
  }

  /// Names are of letters, digits, `_` and `:`.
  private static func name(_ text: String) -> String {
    let name = String(text.unicodeScalars.map { isAllowed($0) ? Character($0) : "_" })
    return name.first.map { $0.isASCII && $0.isNumber } ?? true ? "_" + name : name
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", ":": true
    default: false
    }
  }

  private static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { "\(name($0.0))=\"\(escaped($0.1))\"" }.sorted().joined(separator: ",")
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}

/// What one line of a series says, apart from its name and labels.
struct PrometheusLine {
  var suffix = ""
  var label = ""
  let value: String
}

private protocol PrometheusSeries: AnyObject, Sendable {
  var type: String { get }
  var lines: [PrometheusLine] { get }
}

private final class PrometheusCounter: PrometheusSeries, CounterHandler {
  private let value = Atomic<Int64>(0)

  func increment(by amount: Int64) { value.wrappingAdd(max(0, amount), ordering: .relaxed) }
  func reset() { value.store(0, ordering: .relaxed) }

  var type: String { "counter" }
  var lines: [PrometheusLine] { [PrometheusLine(value: "\(value.load(ordering: .relaxed))")] }
}

private final class PrometheusGauge: PrometheusSeries, RecorderHandler {
  private let bits = Atomic<UInt64>(0)

  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  var type: String { "gauge" }
  var lines: [PrometheusLine] { [PrometheusLine(value: prometheusNumber(Double(bitPattern: bits.load(ordering: .relaxed))))] }
}

private final class PrometheusHistogram: PrometheusSeries, RecorderHandler, TimerHandler {
  /// Upper bounds: from less than a network's round trip to more than anybody waits.
  static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

  private struct State {
    /// Of each bound, what is not below a lower one; then what is above all.
    var counts = Array(repeating: UInt64(0), count: bounds.count + 1)
    var sum = 0.0
  }

  private let state = Mutex(State())

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    let place = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
    state.withLock { state in
      state.counts[place] &+= 1
      state.sum += value
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

  var type: String { "histogram" }

  var lines: [PrometheusLine] {
    let state = state.withLock { $0 }
    var count: UInt64 = 0
    var lines: [PrometheusLine] = []
    for (bound, more) in zip(Self.bounds.map(prometheusNumber) + ["+Inf"], state.counts) {
      count &+= more
      lines.append(PrometheusLine(suffix: "_bucket", label: "le=\"\(bound)\"", value: "\(count)"))
    }
    return lines + [
      PrometheusLine(suffix: "_sum", value: prometheusNumber(state.sum)), PrometheusLine(suffix: "_count", value: "\(count)"),
    ]
  }
}

/// A number as Go reads it; whole ones without a fraction.
private func prometheusNumber(_ value: Double) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
  guard let whole = Int64(exactly: value) else { return "\(value)" }
  return "\(whole)"
}
