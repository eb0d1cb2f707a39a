import CairnChain
import Foundation
import Synchronization

/// One node of a local network: a process of this same executable. It ends when this process does, because its standard input
/// then ends.
final class DevnetNode: Sendable {
  struct Ports: Decodable, Hashable {
    let peers: Int
    let clients: Int
    let grpc: Int?
    let admin: Int?
    let http: Int?
  }

  private struct Ready: Decodable {
    let event: String
    let ports: Ports
  }

  let name: String
  let pid: Int32
  let ports: Ports
  private let process: ManagedProcess

  private init(name: String, process: ManagedProcess, ports: Ports) {
    (self.name, self.process, self.ports) = (name, process, ports)
    pid = process.pid
  }

  /// - Parameter addresses: where each node is to listen for the others and for clients.
  static func start(
    _ name: String, _ files: DevnetFiles, addresses: [String: (peers: Int, clients: Int)], wan: WANOption
  ) async throws(CommandFailure) -> DevnetNode {
    guard let own = addresses[name] else { preconditionFailure("every node has addresses") }
    var arguments = [
      "node", "run", "--config", files.configuration(name), "--json", "--stop-at-end-of-input",
      "--set", "listen.peers=127.0.0.1:\(own.peers)", "--set", "listen.clients=127.0.0.1:\(own.clients)",
      "--set", "listen.grpc=127.0.0.1:0", "--set", "listen.admin=127.0.0.1:0", "--set", "listen.http=127.0.0.1:0",
    ]
    for (other, address) in addresses.sorted(by: { $0.key < $1.key }) where other != name {
      arguments += ["--set", "peers.\(other)=127.0.0.1:\(address.peers)"]
    }
    let process = try ManagedProcess(arguments: arguments + wan.arguments, log: files.log(name))
    guard let line = await process.firstLine(), let ready = try? JSONDecoder().decode(Ready.self, from: Data(line.utf8)),
      ready.event == "ready"
    else {
      await process.stop()
      throw failure(of: name, log: files.log(name))
    }
    return DevnetNode(name: name, process: process, ports: ready.ports)
  }

  /// What the node said last, which is its failure when it is JSON of that form.
  private static func failure(of name: String, log path: String) -> CommandFailure {
    let lines = (try? Files.read(path, "log")).map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
    guard let line = lines.last, let failure = try? JSONDecoder().decode(Failure.self, from: Data(line.utf8)) else {
      return .refused("node_failed", "The node \(name) did not start: look at its log, \(path).")
    }
    return .refused(failure.error, "The node \(name) did not start. \(failure.message)")
  }

  private struct Failure: Decodable {
    let error: String
    let message: String
  }

  /// Of a node whose port was taken.
  static let listenerReason = "listener"

  /// Returns when the process has ended, for whatever reason.
  func ended() async { await process.ended() }

  func stop() async { await process.stop() }

  /// Ends it at once, as the loss of its machine would.
  func kill() async { await process.kill() }
}
