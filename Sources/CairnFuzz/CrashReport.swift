#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Says what a process was reading when it dies of it: a trap, the end of its stack, or an input that takes too long. The input is written to a
/// file, and the command that gives it to the target again to standard error.
///
/// One in a process, for one thread. The handler runs in the middle of anything, so that it uses only memory that was set aside before, and
/// only what POSIX lets a handler use.
public final class CrashReport {
  private static let signals = [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGPROF]
  private static let stackByteCount = 64 << 10

  /// What the handler reads. Changed only between two inputs, by the thread that the report is for.
  private nonisolated(unsafe) static var path: UnsafeMutablePointer<CChar>?
  private nonisolated(unsafe) static var message: (bytes: UnsafeMutablePointer<CChar>, count: Int)?
  private nonisolated(unsafe) static var input: (bytes: UnsafeMutablePointer<UInt8>, count: Int)?

  private let capacity: Int
  private let secondsPerInput: UInt32

  /// On the thread that will read the inputs.
  ///
  /// - Parameters:
  ///   - file: where the input goes.
  ///   - capacity: of the longest input, in bytes.
  ///   - secondsPerInput: of the process's computing, after which an input takes too long: on a busy machine more time may go by.
  public init(file: String, target: FuzzTarget, seed: UInt64, secondsPerInput: UInt32) {
    (capacity, self.secondsPerInput) = (target.byteLimit, secondsPerInput)
    let text =
      "\ncairn fuzz \(target.name) --seed \(seed) found an input that ends the process, or takes more than \(secondsPerInput) s.\n"
      + "It is in \(file). Give it to the target again with:\n  cairn fuzz \(target.name) --input \(file)\n"
    Self.path = strdup(file)
    Self.message = strdup(text).map { ($0, text.utf8.count) }
    Self.input = (UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, capacity)), 0)
    // Its own stack: the thread's may have come to its end.
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: Self.stackByteCount, alignment: 16)
    stack.ss_size = Self.stackByteCount
    sigaltstack(&stack, nil)
    for number in Self.signals {
      var action = sigaction(calling: { number in CrashReport.handle(number) })
      action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }

  /// Takes note of the input that is read from now on.
  public func begin(_ bytes: [UInt8]) {
    let count = min(bytes.count, capacity)
    if let memory = Self.input?.bytes {
      bytes.withUnsafeBufferPointer { memory.update(from: $0.baseAddress ?? UnsafePointer(memory), count: count) }
    }
    Self.input?.count = count
    arm(seconds: secondsPerInput)
  }

  public func end() { arm(seconds: 0) }

  private func arm(seconds: UInt32) {
    var timer = itimerval()
    timer.it_value.tv_sec = time_t(seconds)
    setitimer(Self.processTime, &timer, nil)
  }

  #if canImport(Glibc)
    private static let processTime = __itimer_which_t(ITIMER_PROF.rawValue)
  #else
    private static let processTime = ITIMER_PROF
  #endif

  private static func handle(_ number: Int32) {
    if let path, let input {
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      if file >= 0 {
        var written = 0
        while written < input.count {
          let count = write(file, input.bytes + written, input.count - written)
          if count <= 0 { break }
          written += count
        }
        close(file)
      }
    }
    if let message { _ = write(STDERR_FILENO, message.bytes, message.count) }
    // The handler was reset: the process ends as it would have.
    raise(number)
  }
}

extension sigaction {
  /// The handler's place has another name in each system's headers.
  fileprivate init(calling handler: @escaping @convention(c) (Int32) -> Void) {
    self.init()
    #if canImport(Glibc)
      __sigaction_handler.sa_handler = handler
    #elseif canImport(Musl)
      __sa_handler.sa_handler = handler
    #else
      __sigaction_u.__sa_handler = handler
    #endif
  }
}
