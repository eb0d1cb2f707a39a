import Foundation
import Testing

/// A local network of real processes for a test.
enum Devnet {
  struct Ready: Decodable {
    struct Node: Decodable {
      let name: String
      let pid: Int32
      let clients: String
      let admin: String?
      let directory: String
    }
    let network: String
    let anchor: String
    let genesis: String
    let registrar: String
    let passphraseFile: String
    let endpoints: [String]
    let nodes: [Node]

    /// What the commands need to find the network.
    var environment: [String: String] {
      ["CAIRN_ANCHOR": anchor, "CAIRN_ENDPOINT": endpoints.joined(separator: ","), "CAIRN_PASSPHRASE_FILE": passphraseFile]
    }
  }

  /// A network while a body runs; none of its processes is left afterwards.
  static func run(_ workspace: Workspace, _ arguments: [String] = [], _ body: (Ready) async throws -> Void) async throws {
    let process = CommandLineTool.process(
      ["devnet", "--dir", "net", "--json", "--heartbeat-ms", "500"] + arguments, in: workspace.directory)
    let output = Pipe()
    process.standardOutput = output
    try workspace.write("", to: "devnet.log")
    let log = try FileHandle(forWritingTo: workspace.directory.appendingPathComponent("devnet.log"))
    process.standardError = log
    try process.run()
    let line = await Self.line(output.fileHandleForReading)
    var pids: [Int32] = []
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let ready = try decoder.decode(Ready.self, from: Data(line.utf8))
      pids = ready.nodes.map(\.pid)
      try await body(ready)
      process.terminate()
    } catch {
      process.terminate()
      await Self.wait(process)
      throw error
    }
    await Self.wait(process)
    #expect(process.terminationStatus == 0, "\(Self.lastWords(workspace))")
    #expect(!pids.contains(where: Self.isRunning))
  }

  /// The ends of all logs, for a failure's message.
  static func lastWords(_ workspace: Workspace) -> String {
    let logs = ["devnet.log"] + (0..<4).map { "net/node-\($0)/node.log" }
    return logs.map { "\($0): " + ((try? workspace.text($0)) ?? "none").split(separator: "\n").suffix(3).joined(separator: "\n") }
      .joined(separator: "\n")
  }

  static func line(_ handle: FileHandle) async -> String {
    await withCheckedContinuation { continuation in
      Thread {
        var bytes: [UInt8] = []
        while let byte = try? handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
      }.start()
    }
  }

  static func wait(_ process: Process) async {
    await withCheckedContinuation { continuation in
      Thread {
        process.waitUntilExit()
        continuation.resume()
      }.start()
    }
  }

  /// A process that has ended and that nobody has asked about yet is not running.
  static func isRunning(_ pid: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return !status.contains(") Z ")
  }
}
