import Foundation
import Testing

/// Runs the built executable as its users do.
enum CommandLineTool {
  struct Result {
    let status: Int32
    let output: String
    let errors: String

    /// The last line of standard output, which is one JSON object.
    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
      let line = try #require(output.split(separator: "\n").last)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Value.self, from: Data(line.utf8))
    }

    /// The failure that a command with `--json` prints.
    func failure() throws -> Failure {
      let line = try #require(errors.split(separator: "\n").last)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Failure.self, from: Data(line.utf8))
    }
  }

  struct Failure: Decodable {
    let error: String
    let message: String
    let exitCode: Int32
  }

  /// Beside the tests' own executable.
  static var url: URL {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("cairn")
  }

  static func process(_ arguments: [String], in directory: URL, environment: [String: String] = [:]) -> Process {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("CAIRN_") }.merging(environment) { _, new in new }
    return process
  }

  /// Waits on a thread of its own, so that no test waits for another's process.
  static func run(_ arguments: [String], in directory: URL, environment: [String: String] = [:]) async throws -> Result {
    let process = process(arguments, in: directory, environment: environment)
    let (output, errors) = (directory.appendingPathComponent(".out-\(UUID())"), directory.appendingPathComponent(".err-\(UUID())"))
    for url in [output, errors] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    await withCheckedContinuation { continuation in
      Thread {
        process.waitUntilExit()
        continuation.resume()
      }.start()
    }
    defer { for url in [output, errors] { try? FileManager.default.removeItem(at: url) } }
    return Result(
      status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }
}

/// A directory of its own for one test, removed at the end, with a passphrase in it.
final class Workspace {
  let directory: URL
  let passphrase = ["--passphrase-file", "passphrase"]
  /// For making key files.
  let newKeys = ["--passphrase-file", "passphrase", "--insecure-devnet-hashing"]

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("cairn-command-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try write("correct horse\n", to: "passphrase", mode: 0o600)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

  func write(_ text: String, to name: String, mode: Int = 0o644) throws {
    try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
  }

  func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

  func mode(_ name: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? NSNumber).intValue
  }

  @discardableResult
  func cairn(_ arguments: String..., environment: [String: String] = [:]) async throws -> CommandLineTool.Result {
    try await CommandLineTool.run(arguments, in: directory, environment: environment)
  }

  @discardableResult
  func cairn(_ arguments: [String], environment: [String: String] = [:]) async throws -> CommandLineTool.Result {
    try await CommandLineTool.run(arguments, in: directory, environment: environment)
  }
}
