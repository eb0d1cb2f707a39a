import CairnChain
import CairnLedger
import Foundation

/// The processes of a local network.
struct DevnetCluster {
  /// A port that was free when it was chosen can be taken before the node listens on it.
  private static let attempts = 3

  let nodes: [DevnetNode]

  static func start(_ network: DevnetNetwork, until stop: StopSignal) async throws -> DevnetCluster {
    var attempt = 1
    while true {
      do { return DevnetCluster(nodes: try await start(network, at: try addresses(of: network))) } catch {
        guard attempt < attempts, !stop.isStopped, (error as? CommandFailure)?.reason == DevnetNode.listenerReason else { throw error }
        attempt += 1
      }
    }
  }

  /// The ports of the genesis where they are free, others where they are not.
  private static func addresses(of network: DevnetNetwork) throws(CommandFailure) -> [String: (peers: Int, clients: Int)] {
    var addresses: [String: (peers: Int, clients: Int)] = [:]
    for validator in network.genesis.validators.validators {
      addresses[validator.name] = (try port(of: validator.peerAddress), try port(of: validator.clientAddress))
    }
    return addresses
  }

  private static func port(of address: String) throws(CommandFailure) -> Int {
    if let address = HostAndPort(address), PortCheck.problem(listeningOn: address) == nil { return address.port }
    guard let port = try PortCheck.freeLoopbackPorts(1).first else { throw .refused("no_free_port", "There is no free port on 127.0.0.1.") }
    return port
  }

  /// All at once; none is left when one fails.
  private static func start(
    _ network: DevnetNetwork, at addresses: [String: (peers: Int, clients: Int)]
  ) async throws -> [DevnetNode] {
    let (files, wan) = (network.files, network.wan)
    let attempts = await withTaskGroup(of: StartAttempt.self) { group in
      for name in network.names {
        group.addTask { await StartAttempt(name, files, addresses: addresses, wan: wan) }
      }
      return await group.reduce(into: [:]) { $0[$1.name] = $1 }
    }
    let started = network.names.compactMap { attempts[$0]?.node }
    guard started.count == network.names.count else {
      await DevnetCluster(nodes: started).stop()
      throw network.names.lazy.compactMap { attempts[$0]?.failure }.first
        ?? .refused("node_failed", "A node did not start: look at its log.")
    }
    return started
  }

  /// What became of starting one node.
  private struct StartAttempt: Sendable {
    let name: String
    private(set) var node: DevnetNode?
    private(set) var failure: CommandFailure?

    init(_ name: String, _ files: DevnetFiles, addresses: [String: (peers: Int, clients: Int)], wan: WANOption) async {
      self.name = name
      do throws(CommandFailure) { node = try await DevnetNode.start(name, files, addresses: addresses, wan: wan) } catch { failure = error }
    }
  }

  /// Returns when the network has to stop. A single node that ends is reported and leaves the others running: that is what
  /// such networks are for.
  func run(until stop: StopSignal) async -> CommandFailure? {
    await withTaskGroup(of: String?.self) { group in
      group.addTask {
        await stop.wait()
        return nil
      }
      for node in nodes {
        group.addTask {
          await node.ended()
          return node.name
        }
      }
      var left = nodes.count
      while let ended = await group.next() {
        guard let name = ended else { break }
        left -= 1
        if !stop.isStopped { Output.write("cairn: the node \(name) has ended; \(left) are left.\n", to: .standardError) }
        if left == 0 { break }
      }
      let failure: CommandFailure? = stop.isStopped ? nil : .refused("nodes_ended", "All nodes have ended: look at their logs.")
      // What still waits is told, so that the group can end.
      stop.stop()
      await self.stop()
      return failure
    }
  }

  func stop() async {
    await withTaskGroup(of: Void.self) { group in
      for node in nodes { group.addTask { await node.stop() } }
    }
  }
}
