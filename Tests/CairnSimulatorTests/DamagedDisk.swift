import CairnChain
import CairnConsensus
import CairnLedger
import CairnNode
import CairnStore
import Logging
import NIOCore

@testable import CairnSimulator

/// What a stopped node has on its disk, by file.
typealias DiskImage = [String: Inode]

/// A network of four that ran for a while, and what the disk of one of its nodes held at several moments.
struct StoppedNode {
  let simulation: Simulation
  let node: SimulatedNode
  /// Some blocks ago, and closed in order.
  let older: DiskImage
  /// Of a process that was killed: the newest blocks are in write-ahead logs alone.
  let killed: DiskImage
  /// The same, closed in order.
  let closed: DiskImage

  init() throws {
    simulation = try Simulation(SimulationOptions(seed: 11, profile: .calm))
    simulation.faults.isScripted = true
    node = simulation.nodes[2]
    for node in simulation.nodes { node.start() }
    simulation.workload.begin()
    simulation.run(for: 4_000) { false }
    older = try Self.closed(node.killedImage(), simulation)
    node.medium.restore(older)
    node.start()
    simulation.run(for: 4_000) { false }
    killed = node.killedImage()
    closed = try Self.closed(killed, simulation)
  }

  /// A store that is opened and let go of empties its write-ahead logs.
  private static func closed(_ image: DiskImage, _ simulation: Simulation) throws -> DiskImage {
    let medium = Medium(sectorByteCount: 512)
    medium.restore(image)
    let session = DiskSession(medium, judge: { _, _ in .done }, cut: {})
    defer { session.close() }
    do {
      let store = try Store(
        path: session.path, network: simulation.world.genesis.network, indexKeys: { _ in [] }, disk: SimulatedDisk(session))
      store.unlock()
    }
    return medium.everything
  }

  /// What comes of opening a disk, in the same steps as a node that starts.
  func open(_ image: DiskImage) -> Opening {
    let medium = Medium(sectorByteCount: 512)
    medium.restore(image)
    let session = DiskSession(medium, judge: { _, _ in .done }, cut: {})
    defer { session.close() }
    let keys = simulation.world.validators[node.index]
    let nowhere = HostAndPort(host: "127.0.0.1", port: 0)
    var configuration = NodeConfiguration(
      genesis: simulation.world.genesis, consensusKey: keys.consensusKey, nodeKey: keys.nodeKey, dataDirectory: session.path,
      peerListener: nowhere, clientListener: nowhere)
    configuration.disk = SimulatedDisk(session)
    do {
      let opened = try OpenedNode(configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
      return .opened(opened)
    } catch let failure as NodeFailure { return .refused(failure.description) } catch { return .refused("\(error)") }
  }
}

enum Opening {
  case opened(OpenedNode)
  case refused(String)
}

extension SimulatedNode {
  /// Ends its process, and says what that leaves behind: everything that was written.
  func killedImage() -> DiskImage {
    bury()
    return medium.everything
  }
}

extension Medium {
  /// Every file as its next reader finds it.
  var everything: DiskImage {
    for inode in names.values { inode.sync() }
    syncNames()
    return snapshot()
  }
}

extension DiskImage {
  /// The same with one file changed.
  func changing(_ name: String, _ change: (Inode) -> Void) -> DiskImage {
    var image = self
    guard let copy = self[name]?.snapshot() else { return self }
    change(copy)
    copy.sync()
    image[name] = copy
    return image
  }

  func count(of name: String) -> Int { self[name]?.durable.count ?? 0 }
}
