import ArgumentParser
import CairnFuzz
import Foundation
import Synchronization

struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Give a reader of outside bytes mutated inputs, for as long as you like.",
    discussion: """
      The same seed gives the same inputs. An input that ends the process, takes too long or breaks what has to hold is written to a file, with \
      the command that gives it to the target again. Third parties' vectors are used when CAIRN_VECTORS names their folder.

      Targets:
      \(targets.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))
      """)

  /// Those of the libraries, and of files that only commands read; sorted by name.
  static let targets = (FuzzTarget.all + FuzzTarget.ofCommands).sorted { $0.name < $1.name }

  /// What a reader may compute at most, on any machine.
  private static let secondsPerInput: UInt32 = 20
  /// As other threads have at least, in a debug build too.
  private static let stackByteCount = 4 << 20

  @Argument(help: "What to fuzz, or all: each target in its turn.") var target: String
  @Option(help: "For how long, each target.") var seconds: Double = 60
  @Option(help: "Which inputs.") var seed: UInt64 = 1
  @Option(help: ArgumentHelp("Give it this input alone.", valueName: "file"), completion: .file()) var input: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard seconds > 0, seconds <= 1e7 else { throw ValidationError("--seconds is more than 0.") }
    guard input == nil || target != "all" else { throw ValidationError("--input is for one target.") }
  }

  func run() throws {
    var shown: [ShownFuzzRun] = []
    for target in try targets() {
      shown.append(try onOwnThread { try fuzz(target) })
      if self.target == "all" { Output.write("\(shown[shown.count - 1].text)\n", to: .standardError) }
    }
    output.print(shown, text: shown.map(\.text).joined(separator: "\n"))
  }

  private func targets() throws(CommandFailure) -> [FuzzTarget] {
    if target == "all" { return Self.targets }
    if let named = FuzzTarget.named(target, in: Self.targets) { return [named] }
    let nearest = NearestName.nearest(to: target, in: Self.targets.map(\.name)) ?? ""
    throw .usage("unknown_target", "There is no target \(target): did you mean \(nearest)?")
  }

  private func fuzz(_ target: FuzzTarget) throws -> ShownFuzzRun {
    let file = "cairn-fuzz-\(target.name).input"
    let crashes = CrashReport(file: file, target: target, seed: seed, secondsPerInput: Self.secondsPerInput)
    let began = ContinuousClock.now
    guard input == nil else { return try replay(target, crashes) }
    var run = try FuzzRun(target, seed: seed, vectors: ProcessInfo.processInfo.environment["CAIRN_VECTORS"])
    var slowest = Duration.zero
    var now = ContinuousClock.now
    while began.duration(to: now) < .seconds(seconds) {
      let bytes = run.next()
      crashes.begin(bytes)
      do { try run.check(bytes) } catch {
        try Files.replace(file, "input", bytes, mode: 0o644)
        throw CommandFailure.refused(
          "fuzz_finding", "\(target.name): \(error).\nGive the input to the target again with: cairn fuzz \(target.name) --input \(file)")
      }
      crashes.end()
      let after = ContinuousClock.now
      slowest = max(slowest, now.duration(to: after))
      now = after
    }
    return ShownFuzzRun(
      target: target.name, seed: seed, inputs: run.inputCount, accepted: run.acceptedCount, slowestMilliseconds: slowest / .milliseconds(1),
      seconds: began.duration(to: now) / .seconds(1))
  }

  private func replay(_ target: FuzzTarget, _ crashes: CrashReport) throws -> ShownFuzzRun {
    let bytes = try Files.read(input ?? "", "input", limit: 16 << 20)
    let began = ContinuousClock.now
    crashes.begin(bytes)
    let isAccepted: Bool
    do { isAccepted = try target.replay(bytes) } catch { throw CommandFailure.refused("fuzz_finding", "\(target.name): \(error).") }
    crashes.end()
    let time = began.duration(to: .now)
    return ShownFuzzRun(
      target: target.name, seed: seed, inputs: 1, accepted: isAccepted ? 1 : 0, slowestMilliseconds: time / .milliseconds(1),
      seconds: time / .seconds(1))
  }

  private func onOwnThread(_ body: @escaping @Sendable () throws -> ShownFuzzRun) throws -> ShownFuzzRun {
    let (result, done) = (Outcome(), DispatchSemaphore(value: 0))
    let thread = Thread {
      result.value.withLock { $0 = Result { try body() } }
      done.signal()
    }
    thread.stackSize = Self.stackByteCount
    thread.start()
    done.wait()
    guard let result = result.value.withLock(\.self) else { preconditionFailure("the thread has come to its end") }
    return try result.get()
  }

  private final class Outcome: Sendable {
    let value = Mutex<Result<ShownFuzzRun, any Error>?>(nil)
  }
}

/// What a run came to, for people and programs.
private struct ShownFuzzRun: Encodable, Sendable {
  let target: String
  let seed: UInt64
  let inputs: Int
  let accepted: Int
  let slowestMilliseconds: Double
  let seconds: Double

  var text: String {
    let rate = Int(Double(inputs) / max(seconds, 0.001))
    return
      "\(target): \(inputs) inputs (\(rate) a second), \(accepted) accepted, the slowest in \(Int(slowestMilliseconds)) ms; nothing found"
  }
}
