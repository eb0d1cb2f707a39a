import CairnCrypto
import Logging
import NIOCore

/// One peer: the connection this node dials, on which it sends, and the one it accepts, on which it receives.
///
/// Confined to the mesh's event loop.
final class PeerLink {
  enum Outbound {
    /// Nothing is tried: no address, blocked, or stopped.
    case idle
    case waiting(Scheduled<Void>)
    /// The number tells this attempt from an earlier one that has not ended yet.
    case dialling(attempt: Int)
    case handshaking(PeerConnection)
    case connected(PeerConnection)
  }

  let peer: Peer
  let environment: MeshEnvironment
  let logger: Logger

  var address: PeerAddress?
  var outbound = Outbound.idle
  var inbound: PeerConnection?
  var isBlocked = false
  var isStopped = false

  /// In a test that puts the peer farther away.
  var conditions: LinkConditions? { environment.links[peer.nodeKey] }

  /// Nothing goes to the peer, and nothing comes from it.
  var isCut: Bool { isBlocked || isStopped }

  /// Made once: it costs as much as a handshake.
  var tls: TLSClient?
  var delay: ReconnectDelay
  var attemptCount = 0
  /// The attempts to connect that have not ended yet; more than one only after an address or a block changed meanwhile.
  var attempts: [Int: EventLoopFuture<Void>] = [:]

  var requests = PendingRequests()
  /// The peer's requests that were not answered yet, on the present inbound connection.
  var unanswered: Set<UInt32> = []
  var intake: Intake

  var problem: PeerProblem?
  private var loggedProblem: PeerProblem?
  private var lastHeardEarlier: NIODeadline?

  init(_ peer: Peer, environment: MeshEnvironment) {
    self.peer = peer
    self.environment = environment
    address = peer.address
    delay = ReconnectDelay(
      shortest: environment.limits.shortestReconnectDelay, longest: environment.limits.longestReconnectDelay)
    intake = Intake(environment.messages)
    var logger = environment.logger
    logger[metadataKey: "peer"] = "\(peer.index)"
    logger[metadataKey: "name"] = "\(peer.name)"
    self.logger = logger
  }

  func start() {
    if address == nil { problem = .noAddress }
    dial()
  }

  /// The peer moved, or is known only now. A connection that stands is kept: the key says who it is, not the address.
  func update(_ address: PeerAddress) {
    self.address = address
    if problem == .noAddress { problem = nil }
    delay.reset()
    dialNow()
  }

  func setBlocked(_ blocked: Bool) {
    guard blocked != isBlocked else { return }
    isBlocked = blocked
    delay.reset()
    if blocked { disconnect(because: .blocked) } else { dial() }
  }

  func stop() {
    isStopped = true
    disconnect(because: .shutDown)
    requests.failAll(.disconnected)
  }

  private func disconnect(because problem: PeerProblem) {
    inbound?.close(because: problem)
    switch outbound {
    case .handshaking(let connection), .connected(let connection): connection.close(because: problem)
    case .waiting(let timer): timer.cancel()
    case .idle, .dialling: break
    }
    outbound = .idle
    self.problem = problem
  }

  /// One line for each change: an attempt that fails for the same reason as the one before is not logged again.
  func noteFailure(_ problem: PeerProblem) {
    self.problem = problem
    guard problem.reason != loggedProblem?.reason else { return }
    loggedProblem = problem
    logger.warning(
      "cannot connect to peer",
      metadata: ["reason": "\(problem.reason)", "detail": "\(problem)", "address": "\(address.map(\.description) ?? "unknown")"])
  }

  func noteConnected() {
    problem = nil
    loggedProblem = nil
    logger.info("connected to peer", metadata: ["address": "\(address.map(\.description) ?? "unknown")"])
  }

  func noteLost(_ problem: PeerProblem) {
    self.problem = problem
    loggedProblem = problem
    logger.log(
      level: problem == .shutDown ? .debug : .warning, "lost connection to peer",
      metadata: ["reason": "\(problem.reason)", "detail": "\(problem)"])
  }

  func noteHeard(_ connection: PeerConnection) { lastHeardEarlier = max(lastHeardEarlier ?? connection.lastHeard, connection.lastHeard) }

  var status: PeerStatus {
    let connectedOut: PeerConnection? = if case .connected(let connection) = outbound { connection } else { nil }
    let lastHeard = [lastHeardEarlier, connectedOut?.lastHeard, inbound?.lastHeard].compactMap(\.self).max()
    let load = environment.outbox.load(of: peer.index)
    return PeerStatus(
      index: peer.index, name: peer.name, address: address, isConnectedOut: connectedOut != nil, isConnectedIn: inbound != nil,
      silence: lastHeard.map { .nanoseconds((NIODeadline.now() - $0).nanoseconds) }, problem: problem, queuedFrameCount: load.frames,
      queuedByteCount: load.bytes, droppedFrameCount: load.dropped, throttledFrameCount: intake.droppedCount)
  }
}

extension PeerLink: PeerConnectionOwner {
  func expects(_ key: PublicKey) -> Bool { key == peer.nodeKey }

  func secured(_ connection: PeerConnection, key: PublicKey) {
    guard !isCut else { return connection.close(because: isStopped ? .shutDown : .blocked) }
    if let conditions { connection.delay(as: conditions, random: environment.jitter) }
    if connection.side == .dialled { sendHello(on: connection) }
  }

  func received(_ frame: Frame, on connection: PeerConnection) {
    guard ControlCode(rawValue: frame.code) != .refused else {
      return connection.close(because: .refusedByPeer(RefusalText.printable(frame.payload.readableBytesView)))
    }
    switch connection.side {
    case .dialled: receivedOnDialled(frame, on: connection)
    case .accepted: receivedOnAccepted(frame, on: connection)
    }
  }

  func writable(_ connection: PeerConnection) {
    if case .connected(let current) = outbound, current === connection { drain() }
  }

  func closed(_ connection: PeerConnection, because problem: PeerProblem) {
    noteHeard(connection)
    switch connection.side {
    case .dialled: dialledClosed(connection, because: problem)
    case .accepted: acceptedClosed(connection, because: problem)
    }
  }

  func sendHello(on connection: PeerConnection) {
    let hello = environment.delegate.hello(to: peer.index)
    precondition(hello.count <= environment.limits.helloByteCount, "a hello is small")
    connection.write(.hello, payload: ByteBuffer(bytes: hello))
  }

  /// Lets the delegate judge a hello, and refuses the connection with its reason.
  func accepts(hello frame: Frame, on connection: PeerConnection) -> Bool {
    do {
      try environment.delegate.received(hello: Array(frame.payload.readableBytesView), from: peer.index)
      return true
    } catch {
      connection.refuse(because: .helloRefused("\(error)"), saying: "\(error)")
      return false
    }
  }
}
