import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnStore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// What a running node consists of, and the order in which it comes and goes.
final class RunningParts: Sendable {
  let mesh: PeerMesh
  let backend: any NodeBackend
  private let core: Confined<NodeCore>
  private let coreGroup: MultiThreadedEventLoopGroup
  private let threads: NodeThreads
  private let store: Store
  private let services: Mutex<ServiceFaces?> = Mutex(nil)
  private let http: Mutex<(any HTTPFaceServer)?> = Mutex(nil)
  private let stopping: Mutex<Task<Void, Never>?> = Mutex(nil)
  private let logger: Logger
  private let ending = Ending()

  init(_ configuration: NodeConfiguration, logger: Logger) async throws {
    self.logger = logger
    if let links = configuration.links {
      logger.warning("Links to the other validators are slowed down for a test", metadata: ["sites": "\(links.sites)"])
    }
    let threads = NodeThreads()
    self.threads = threads
    coreGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let opened = try await threads.state.runIfActive { try OpenedNode(configuration, logger: logger) }
      store = opened.store
      try Self.check(configuration, against: opened.recovery.state.validators, logger)
      let environment = NodeEnvironment(loop: coreGroup.next(), threads: threads)
      let assembly = try await environment.loop.submit { [coreGroup, ending] in
        try NodeAssembly(
          opened, configuration, environment: environment, logger: logger,
          links: { inlet in
            PeerMesh(try Self.meshConfiguration(configuration), group: coreGroup, logger: logger, delegate: inlet)
          }, fail: { ending.end(because: $0) })
      }.get()
      (core, backend, mesh) = (assembly.core, assembly.backend, assembly.links)
    } catch {
      try? await coreGroup.shutdownGracefully()
      await threads.shutdown()
      throw error
    }
  }

  /// A node that is no validator, or none yet, or none any more, follows.
  private static func check(_ configuration: NodeConfiguration, against validators: ValidatorSet, _ logger: Logger) throws(NodeFailure) {
    guard let index = validators.index(ofConsensusKey: configuration.voteKey.publicKey), let validator = validators[index] else {
      return logger.notice("This node is not a validator of the epoch: it follows, and votes when the network takes it in")
    }
    guard validator.nodeKey != configuration.nodeKey.publicKey else { return }
    // Where the chain ends so far. A node that starts anew after its key was changed has that change still before it.
    guard configuration.name != nil else { throw .nodeKeyMismatch(validator: validator.name) }
    logger.warning("The ledger has another node key for this validator so far", metadata: ["validator": "\(validator.name)"])
  }

  /// The core says who the peers are.
  private static func meshConfiguration(_ configuration: NodeConfiguration) throws -> PeerMeshConfiguration {
    var mesh = PeerMeshConfiguration(
      identity: try NodeIdentity(configuration.nodeKey), listenHost: configuration.peerListener.host,
      listenPort: configuration.peerListener.port, peers: [], messages: PeerCode.rules)
    mesh.limits.payloadByteCount = PeerCode.payloadLimit
    mesh.links = links(configuration)
    return mesh
  }

  /// Validators that joined after the genesis are as near as they are.
  private static func links(_ configuration: NodeConfiguration) -> [PublicKey: LinkConditions] {
    let validators = configuration.genesis.validators.validators
    guard let matrix = configuration.links,
      let index = validators.firstIndex(where: { $0.nodeKey == configuration.nodeKey.publicKey })
    else { return [:] }
    let links = matrix.links(of: index, nodes: validators.count)
    return Dictionary(uniqueKeysWithValues: links.map { (validators[$0.key].nodeKey, $0.value) })
  }

  private static func faces(_ configuration: NodeConfiguration) throws -> ServiceFaces.Configuration {
    ServiceFaces.Configuration(
      clients: configuration.clientListener, grpc: configuration.grpcListener, admin: configuration.adminListener,
      identity: try NodeIdentity(configuration.nodeKey))
  }

  /// How long clients may take to read what they were promised.
  private static let drainTime = TimeAmount.seconds(2)

  func listen(_ configuration: NodeConfiguration) async throws -> Node.Ports {
    let peers: Int
    do { peers = try await mesh.start() } catch {
      throw NodeFailure.listener(name: "validators", address: configuration.peerListener.description, problem: "\(error)")
    }
    let queries = QueryService(backend, build: Product.version)
    let faces: ServiceFaces
    do { faces = try await ServiceFaces.start(try Self.faces(configuration), queries: queries) } catch {
      guard let error = error as? ServiceFacesError else { throw error }
      throw NodeFailure.listener(name: error.listener, address: error.address.description, problem: error.problem)
    }
    services.withLock { $0 = faces }
    let httpPort = try await listenHTTP(configuration, queries)
    core.enter { $0.startWhenKnown() }
    return Node.Ports(peers: peers, clients: faces.clientPort, grpc: faces.grpcPort, admin: faces.adminPort, http: httpPort)
  }

  /// - Returns: the port; `nil` when HTTP is off.
  private func listenHTTP(_ configuration: NodeConfiguration, _ queries: QueryService) async throws -> Int? {
    guard let address = configuration.httpListener else { return nil }
    guard let face = configuration.httpFace else {
      throw NodeFailure.listener(name: "http", address: address.description, problem: "this program has no HTTP")
    }
    do {
      let server = try await face.start(address, queries: queries, backend: backend, logger: logger)
      http.withLock { $0 = server }
      return server.port
    } catch {
      throw NodeFailure.listener(name: "http", address: address.description, problem: "\(error)")
    }
  }

  func setPeerAddress(_ address: HostAndPort, of name: String) { core.enter { $0.setPeerAddress(address, of: name) } }

  func end(because failure: NodeFailure?) { ending.end(because: failure) }

  func ended() async -> NodeFailure? { await ending.wait() }

  /// Whoever calls it again waits for the same end.
  func shutdown() async {
    let end = stopping.withLock { stopping in
      let end = stopping ?? Task { await stop() }
      stopping = end
      return end
    }
    await end.value
  }

  /// From the outside in: clients first, the disk last. The event loop outlives the threads that answer to it.
  private func stop() async {
    let faces = services.withLock { faces in
      defer { faces = nil }
      return faces
    }
    let web = http.withLock { http in
      defer { http = nil }
      return http
    }
    async let webEnd: Void? = web?.shutdown(within: Self.drainTime)
    await faces?.shutdown(within: Self.drainTime)
    await webEnd
    await mesh.shutdown()
    try? await core.submit { $0.stop() }.get()
    await threads.shutdown()
    try? await coreGroup.shutdownGracefully()
    store.unlock()
  }
}

/// A node's threads besides its event loops.
struct NodeThreads: Sendable {
  static let signatureCount = max(1, System.coreCount)

  let signatures: NIOThreadPool
  let disk: NIOThreadPool
  let state: NIOThreadPool
  let readers: NIOThreadPool
  /// Makes snapshots.
  let snapshots: NIOThreadPool
  /// For streams of events.
  let events: NIOThreadPool

  init() {
    signatures = NIOThreadPool(numberOfThreads: Self.signatureCount)
    disk = NIOThreadPool(numberOfThreads: 1)
    state = NIOThreadPool(numberOfThreads: 1)
    readers = NIOThreadPool(numberOfThreads: 1)
    snapshots = NIOThreadPool(numberOfThreads: 1)
    events = NIOThreadPool(numberOfThreads: 1)
    for pool in [signatures, disk, state, readers, snapshots, events] { pool.start() }
  }

  /// Work that was begun is finished first.
  func shutdown() async {
    for pool in [signatures, snapshots, events, readers, disk, state] { try? await pool.shutdownGracefully() }
  }
}

/// The one moment at which a node is over, and why.
final class Ending: Sendable {
  private struct State {
    var isOver = false
    var failure: NodeFailure?
    var waiting: [CheckedContinuation<NodeFailure?, Never>] = []
  }

  private let state = Mutex(State())

  /// The first reason counts.
  func end(because failure: NodeFailure?) {
    let waiting = state.withLock { state in
      guard !state.isOver else { return [CheckedContinuation<NodeFailure?, Never>]() }
      (state.isOver, state.failure) = (true, failure)
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: failure) }
  }

  func wait() async -> NodeFailure? {
    await withCheckedContinuation { continuation in
      let (isOver, failure) = state.withLock { state in
        if !state.isOver { state.waiting.append(continuation) }
        return (state.isOver, state.failure)
      }
      if isOver { continuation.resume(returning: failure) }
    }
  }
}
