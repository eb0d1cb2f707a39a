import ArgumentParser
import Foundation

/// Where the passphrase of a key file comes from. Never the command line, which every process of the machine can read.
struct PassphraseOptions: ParsableArguments {
  static let environmentName = "CAIRN_PASSPHRASE_FILE"

  @Option(
    name: .customLong("passphrase-file"),
    help: "File with the passphrase on its only line; otherwise the environment's CAIRN_PASSPHRASE_FILE, or a prompt.",
    completion: .file())
  var file: String?

  @Option(name: .customLong("passphrase-fd"), help: "File descriptor to read the passphrase from.")
  var descriptor: Int32?

  func validate() throws {
    if file != nil, descriptor != nil { throw ValidationError("--passphrase-file and --passphrase-fd exclude each other.") }
  }

  /// The passphrase of a file that exists.
  func existing(for path: String) throws(CommandFailure) -> [UInt8] {
    if let passphrase = try configured() { return passphrase }
    return try Passphrase.prompt("Passphrase for \(path): ")
  }

  /// The passphrase of a file that is to be made; typed twice when it is typed.
  func new(for path: String) throws(CommandFailure) -> [UInt8] {
    if let passphrase = try configured() { return passphrase }
    let passphrase = try Passphrase.prompt("New passphrase for \(path): ")
    guard try Passphrase.prompt("The same again: ") == passphrase else {
      throw .refused("passphrases_differ", "The two passphrases differ, nothing was made: try again.")
    }
    return passphrase
  }

  /// What was named without asking anybody.
  func configured() throws(CommandFailure) -> [UInt8]? {
    if let descriptor {
      return try Passphrase.line(
        try Files.read(descriptor: descriptor, "passphrase of descriptor \(descriptor)", limit: Passphrase.byteLimit))
    }
    guard let path = file ?? ProcessInfo.processInfo.environment[Self.environmentName] else { return nil }
    return try Passphrase.read(path)
  }
}

enum Passphrase {
  static let byteLimit = 4 << 10
  /// Control-C.
  private static let interruptByte: UInt8 = 3

  static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
    try line(try Files.read(path, "passphrase file", limit: byteLimit))
  }

  /// Without the end of its line.
  static func line(_ bytes: [UInt8]) throws(CommandFailure) -> [UInt8] {
    var bytes = bytes[...]
    if bytes.last == UInt8(ascii: "\n") { bytes = bytes.dropLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
    guard !bytes.isEmpty else { throw .refused("empty_passphrase", "The passphrase is empty: give one with at least one character.") }
    return Array(bytes)
  }

  /// Asks the terminal, without echo.
  static func prompt(_ text: String) throws(CommandFailure) -> [UInt8] {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw .usage(
        "no_passphrase",
        "There is no terminal to ask for the passphrase: give --passphrase-file, --passphrase-fd, or set \(PassphraseOptions.environmentName)."
      )
    }
    defer { close(terminal) }
    var saved = termios()
    tcgetattr(terminal, &saved)
    var silent = saved
    // Without signals: one would end the process before the echo is back.
    silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
    tcsetattr(terminal, TCSAFLUSH, &silent)
    defer {
      tcsetattr(terminal, TCSAFLUSH, &saved)
      _ = Foundation.write(terminal, "\n", 1)
    }
    _ = text.withCString { Foundation.write(terminal, $0, strlen($0)) }
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while bytes.count < byteLimit, Foundation.read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
      guard byte != Self.interruptByte else { throw .refused("interrupted", "Interrupted at the passphrase; nothing was done.") }
      bytes.append(byte)
    }
    return try line(bytes)
  }
}
