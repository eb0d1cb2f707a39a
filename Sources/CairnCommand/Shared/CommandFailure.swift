import ArgumentParser
import Foundation

/// Why a command did not do what it was asked to: one sentence that says what is wrong, where, and what to do.
struct CommandFailure: Error, Equatable, CustomStringConvertible {
  /// The process' exit code.
  enum Status: Int32 {
    /// Refused, or verification failed.
    case refused = 1
    case usage = 2
    /// Unreachable or timed out.
    case unreachable = 3
  }

  let status: Status
  /// Machine readable, snake_case.
  let reason: String
  let description: String

  static func refused(_ reason: String, _ description: String) -> CommandFailure {
    CommandFailure(status: .refused, reason: reason, description: description)
  }

  static func usage(_ reason: String, _ description: String) -> CommandFailure {
    CommandFailure(status: .usage, reason: reason, description: description)
  }

  static func unreachable(_ reason: String, _ description: String) -> CommandFailure {
    CommandFailure(status: .unreachable, reason: reason, description: description)
  }
}

/// How the process ends after an error.
enum CommandExit {
  static func end(with error: any Error, isJSON: Bool) -> Never {
    let (code, reason, message) = judge(error, isJSON: isJSON)
    guard code != 0 else {
      Output.write(message + "\n", to: .standardOutput)
      exit(0)
    }
    guard !message.isEmpty else { exit(code) }
    if isJSON {
      let failure = Failure(error: reason, message: message, exitCode: code)
      Output.write(Output.json(failure) + "\n", to: .standardError)
    } else {
      Output.write((reason == usageReason ? "" : "cairn: ") + message + "\n", to: .standardError)
    }
    exit(code)
  }

  private static let usageReason = "usage"

  private struct Failure: Encodable {
    let error: String
    let message: String
    let exitCode: Int32
  }

  private static func judge(_ error: any Error, isJSON: Bool) -> (code: Int32, reason: String, message: String) {
    if let failure = error as? CommandFailure { return (failure.status.rawValue, failure.reason, failure.description) }
    if error is ExitCode { return (Cairn.exitCode(for: error).rawValue, "failed", "") }
    switch Cairn.exitCode(for: error) {
    case .success: return (0, "", Cairn.fullMessage(for: error))
    case .validationFailure:
      return (CommandFailure.Status.usage.rawValue, usageReason, isJSON ? Cairn.message(for: error) : Cairn.fullMessage(for: error))
    default: return (CommandFailure.Status.refused.rawValue, "unexpected", "\(error)")
    }
  }
}
