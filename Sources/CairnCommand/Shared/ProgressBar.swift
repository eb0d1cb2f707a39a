import Foundation

/// Shows on a terminal how far long work is: nothing for the first two seconds, and nothing where standard error is a file.
final class ProgressBar {
  private static let delay = Duration.seconds(2)
  private static let interval = Duration.milliseconds(100)
  private static let width = 30

  private let label: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var shown: ContinuousClock.Instant?

  init(_ label: String) {
    self.label = label
    start = clock.now
  }

  func update(_ done: UInt64, of total: UInt64) {
    let now = clock.now
    guard isTerminal, start.duration(to: now) > Self.delay, shown.map({ $0.duration(to: now) > Self.interval }) ?? true else { return }
    shown = now
    let share = total == 0 ? 1 : Double(done) / Double(total)
    let filled = min(Self.width, Int(share * Double(Self.width)))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    Output.write("\r\(label) [\(bar)] \(done)/\(total)", to: .standardError)
  }

  /// Leaves the line to what comes next.
  func finish() {
    if shown != nil { Output.write("\r\u{1b}[K", to: .standardError) }
  }
}
