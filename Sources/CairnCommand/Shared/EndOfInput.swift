import Foundation

/// Tells when standard input ends: whoever started this process holds the other end, so that it is also told when that one dies.
enum EndOfInput {
  static func notify(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { break }
      }
      body()
    }
    thread.start()
  }
}
