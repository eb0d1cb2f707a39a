import Foundation
import Testing

@testable import CairnCommand

@Suite("node check-config")
struct CheckConfigTests {
  private struct Checked: Decodable {
    struct Problem: Decodable {
      let reason: String
      let message: String
    }
    let isValid: Bool
    let validator: String?
    let problems: [Problem]
  }

  /// One operator's directory, ready to run on any free ports.
  private func node() async throws -> Workspace {
    let workspace = try Workspace()
    try await GenesisTests.ceremony(["alpha", "beta"], in: workspace)
    for (output, entries) in [("alpha/genesis.cairn", ["alpha", "beta"]), ("other.cairn", ["beta"])] {
      let result = try await workspace.cairn(
        ["genesis", "seal", "--template", "template.yaml", "--output", output] + entries.map { "\($0)/\($0).entry" })
      #expect(result.status == 0, "\(result.errors)")
    }
    return workspace
  }

  private static let freePorts = [
    "--set", "listen.peers=127.0.0.1:0", "--set", "listen.clients=127.0.0.1:0", "--set", "listen.admin=127.0.0.1:0",
    "--set", "listen.http=127.0.0.1:0",
  ]

  private func check(_ workspace: Workspace, _ arguments: [String] = []) async throws -> (Int32, Checked) {
    let result = try await workspace.cairn(
      ["node", "check-config", "--config", "alpha/node.yaml", "--json"] + Self.freePorts + workspace.passphrase + arguments)
    return (result.status, try result.json(Checked.self))
  }

  private func reasons(_ workspace: Workspace, _ arguments: String...) async throws -> [String] {
    let (status, checked) = try await check(workspace, arguments)
    #expect(status == 1)
    #expect(!checked.isValid)
    return checked.problems.map(\.reason)
  }

  @Test("What genesis join made is valid as it stands")
  func valid() async throws {
    let (status, checked) = try await check(try await node())
    #expect(status == 0)
    #expect(checked.isValid)
    #expect(checked.validator == "alpha")
    #expect(checked.problems.isEmpty)
  }

  @Test("Every problem is listed, not only the first")
  func all() async throws {
    let workspace = try await node()
    let found = try await reasons(
      workspace, "--set", "genesis=none.cairn", "--set", "log.level=loud", "--set", "timers.leader_ms=0", "--set", "listen.peers=nowhere")
    #expect(found == ["missing_file", "bad_value", "bad_value", "bad_value"])
  }

  @Test("The wrong genesis, the wrong keys and an open key file are found")
  func files() async throws {
    let workspace = try await node()
    #expect(try await reasons(workspace, "--set", "genesis=other.cairn") == ["not_a_validator"])
    #expect(try await reasons(workspace, "--set", "keys=alpha/operator.keys") == ["unknown_key_name"])
    #expect(try await reasons(workspace, "--set", "keys=none.keys") == ["missing_file"])
    #expect(try await reasons(workspace, "--set", "listen.admin=0.0.0.0:0") == ["admin_not_loopback"])
    #expect(try await reasons(workspace, "--set", "listen.http=anywhere") == ["bad_value"])
    #expect(try await reasons(workspace, "--set", "peers.bata=10.0.0.1:1") == ["unknown_key"])
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: workspace.path("alpha/node.keys"))
    #expect(try await reasons(workspace) == ["file_mode"])
  }

  @Test("A wrong passphrase is found, and stops a node before it does anything")
  func passphrase() async throws {
    let workspace = try await node()
    try workspace.write("wrong\n", to: "passphrase", mode: 0o600)
    #expect(try await reasons(workspace) == ["wrong_passphrase"])
    let run = try await workspace.cairn(["node", "run", "--config", "alpha/node.yaml"] + Self.freePorts + workspace.passphrase)
    #expect(run.status == 1)
    #expect(run.errors == "cairn: The passphrase does not open alpha/node.keys: it is the wrong one, or the file was changed.\n")
    #expect(!FileManager.default.fileExists(atPath: workspace.path("alpha/data")))
  }

  @Test("A port in use is found, and named when a node runs into it")
  func port() async throws {
    let workspace = try await node()
    let listener = try Listener()
    let taken = "listen.clients=127.0.0.1:\(listener.port)"
    let (status, checked) = try await check(workspace, ["--set", taken])
    #expect(status == 1)
    #expect(checked.problems.map(\.reason) == ["listener"])
    #expect(checked.problems.first?.message.contains("address already in use") == true)
    let run = try await workspace.cairn(
      ["node", "run", "--config", "alpha/node.yaml", "--json"] + Self.freePorts + ["--set", taken] + workspace.passphrase)
    #expect(run.status == 1)
    #expect(try run.failure().error == "listener")
    #expect(try run.failure().message.contains("127.0.0.1:\(listener.port)"))
  }

  @Test("A node that nobody runs is unreachable: exit code 3")
  func unreachable() async throws {
    let workspace = try Workspace()
    let port = try Listener().port
    let result = try await workspace.cairn("node", "status", "--admin", "127.0.0.1:\(port)", "--json")
    #expect(result.status == 3)
    #expect(try result.failure().error == "cannot_connect")
  }
}

/// Takes a port of 127.0.0.1, as long as it lives.
final class Listener {
  let port: Int
  private let descriptor: Int32

  /// - Parameter port: 0 for any free one.
  init(port: Int = 0) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, length) == 0 && listen(descriptor, 1) == 0 && getsockname(descriptor, pointer, &length) == 0
      }
    }
    try #require(bound)
    self.descriptor = descriptor
    self.port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { close(descriptor) }
}
