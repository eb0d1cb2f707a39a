import Foundation
import Synchronization

/// A child process of this same executable. Its standard input stays open until it is to stop.
final class ManagedProcess: Sendable {
  /// From the request to stop until the process is killed.
  private static let patience = Duration.seconds(10)

  let pid: Int32
  private let process: Process
  private let input = Pipe()
  private let output = Pipe()
  private let end = ProcessEnd()

  /// - Parameter log: where standard error goes; what is there stays.
  init(arguments: [String], log: String) throws(CommandFailure) {
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .refused("unwritable_file", "The log \(log) cannot be written: \(Files.systemError()).") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.executable)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("CAIRN_") }
    self.process = process
    process.terminationHandler = { [end] _ in end.mark() }
    do { try process.run() } catch {
      throw .refused("cannot_start", "The program \(Self.executable) cannot be started (\(error)): check that it is still there.")
    }
    pid = process.processIdentifier
  }

  /// This very program, whatever it was called as.
  private static var executable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }

  /// The first line of its standard output; `nil` when it ends without.
  func firstLine() async -> String? {
    let handle = output.fileHandleForReading
    return await withCheckedContinuation { continuation in
      let thread = Thread {
        var bytes: [UInt8] = []
        while let byte = try? handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n"), bytes.count < 1 << 16 { bytes.append(byte) }
        continuation.resume(returning: bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self))
      }
      thread.start()
    }
  }

  func ended() async { await end.wait() }

  func kill() async {
    if !end.isReached { Foundation.kill(pid, SIGKILL) }
    await ended()
  }

  /// Asks the process to end, waits for it, and kills it when it does not.
  func stop() async {
    try? input.fileHandleForWriting.close()
    if !end.isReached { Foundation.kill(pid, SIGTERM) }
    let killer = Task { [pid] in
      try await Task.sleep(for: Self.patience)
      Foundation.kill(pid, SIGKILL)
    }
    await ended()
    killer.cancel()
  }
}

/// The end of a process, and who waits for it.
private final class ProcessEnd: Sendable {
  private struct State {
    var isReached = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  var isReached: Bool { state.withLock { $0.isReached } }

  func mark() {
    let waiting = state.withLock { state in
      state.isReached = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if !state.isReached { state.waiting.append(continuation) }
        return state.isReached
      }
      if isReached { continuation.resume() }
    }
  }
}
