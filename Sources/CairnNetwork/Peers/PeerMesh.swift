public import Logging
public import NIOCore

/// A validator's links to all others.
///
/// What this node sends goes over the connection it dialled, what it receives comes over the one the peer dialled; so there are two
/// connections for each pair of nodes and no rule about whose survives. Both are TLS 1.3 in which both sides prove their node keys.
/// Requests and their answers share the asking node's connection.
///
/// Delivery is best effort, in order for each peer and ``Lane``: what was sent into a connection that breaks is lost, and what does not
/// fit into a peer's queue is dropped, the oldest first. Consensus sends again what still matters.
public final class PeerMesh: Sendable {
  /// Codes from here on are the mesh's own.
  public static let reservedCodes: ClosedRange<UInt16> = 0xff00...0xffff

  /// Where everything of this mesh happens, and its delegate is called.
  public let eventLoop: any EventLoop
  private let configuration: PeerMeshConfiguration
  private let logger: Logger
  private let outbox: Outbox
  /// `nil` once stopped, so that the delegate is released.
  private let core: NIOLoopBoundBox<MeshCore?>

  /// - Parameter delegate: held until ``shutdown()``.
  /// - Precondition: the peers' indices and keys are distinct and none is this node's own; message codes are below
  ///   ``reservedCodes``, and their payloads within the frame's limit.
  public init(
    _ configuration: PeerMeshConfiguration, group: any EventLoopGroup, logger: Logger, delegate: any PeerMeshDelegate
  ) {
    let keys = Set(configuration.peers.map(\.nodeKey))
    precondition(
      keys.count == configuration.peers.count && !keys.contains(configuration.identity.publicKey), "peers have keys of their own")
    precondition(configuration.messages.keys.allSatisfy { !Self.reservedCodes.contains($0) }, "codes of messages are not reserved")
    precondition(
      configuration.messages.values.allSatisfy { $0.maximumPayloadByteCount <= configuration.limits.payloadByteCount },
      "a message fits into a frame")
    precondition(Lane.allCases.allSatisfy { configuration.limits.payloadByteCount < $0.limit.bytes }, "a frame fits into its lane")
    self.configuration = configuration
    self.logger = logger
    eventLoop = group.next()
    outbox = Outbox()
    core = .makeBoxSendingValue(
      MeshCore(configuration, eventLoop: eventLoop, logger: logger, delegate: delegate, outbox: outbox), eventLoop: eventLoop)
  }

  /// Listens for the peers and begins to dial them.
  ///
  /// - Returns: the port it listens on.
  /// - Throws: why it cannot listen, or ``PeerProblem/shutDown``.
  public func start() async throws -> Int {
    try await eventLoop.flatSubmit { [core, eventLoop] in core.value?.start() ?? eventLoop.makeFailedFuture(PeerProblem.shutDown) }.get()
  }

  /// Closes every connection; requests that wait fail. Returns when the last socket is closed.
  public func shutdown() async {
    try? await eventLoop.flatSubmit { [core, eventLoop] in
      defer { core.value = nil }
      return core.value?.stop() ?? eventLoop.makeSucceededVoidFuture()
    }.get()
  }

  /// Queues a message for one peer. Never blocks, from any thread. An index that is not a peer's is ignored.
  ///
  /// - Precondition: `code` is configured. A payload above its limit is not sent, for it would end the connection; the log says so.
  public func send(_ code: UInt16, _ payload: ByteBuffer, to peer: Int) {
    enqueue(OutboundFrame(code: code, payload: payload), for: peer)
  }

  /// Queues a message for every peer; the payload is kept once. Never blocks, from any thread.
  ///
  /// - Precondition: `code` is configured. A payload above its limit is not sent, for it would end the connection; the log says so.
  public func broadcast(_ code: UInt16, _ payload: ByteBuffer) {
    enqueue(OutboundFrame(code: code, payload: payload), for: nil)
  }

  /// Asks a peer. From any thread.
  ///
  /// - Returns: the answer, or a ``PeerRequestError``.
  /// - Precondition: `code` is configured.
  public func request(_ code: UInt16, _ payload: ByteBuffer, to peer: Int, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
    guard payload.readableBytes <= rule(for: code).maximumPayloadByteCount else {
      return eventLoop.makeFailedFuture(PeerRequestError.payloadTooLong)
    }
    let promise = eventLoop.makePromise(of: ByteBuffer.self)
    onEventLoop { mesh in
      guard let link = mesh.core.value?.link(to: peer) else { return promise.fail(PeerRequestError.notConnected) }
      guard let id = link.begin(promise, timeout: timeout) else { return }
      mesh.enqueue(OutboundFrame(requestID: id, code: code, payload: payload), for: peer)
    }
    return promise.futureResult
  }

  /// Has links to these peers from now on, and to no others. A connection that stands is kept, even if the peer has moved.
  ///
  /// - Precondition: indices and keys are distinct, none is this node's own, and an index is never another key's than it was.
  public func update(_ peers: [Peer]) {
    onEventLoop { $0.core.value?.update(peers) }
  }

  /// The peer moved, or is known only now. A connection that stands is kept.
  public func update(address: PeerAddress, of peer: Int) {
    onEventLoop { $0.core.value?.link(to: peer)?.update(address) }
  }

  /// Empty after ``shutdown()``.
  public func status() async -> PeerMeshStatus {
    let status = try? await eventLoop.submit { [core] in core.value?.status }.get() ?? nil
    return status ?? PeerMeshStatus(peers: [], refusedConnectionCount: 0, lastRefusal: nil)
  }

  /// Cuts the connections to and from these peers, and allows all others: how tests make a partition.
  package func setBlocked(_ peers: Set<Int>) async {
    try? await eventLoop.submit { [core] in core.value?.setBlocked(peers) }.get()
  }

  private func enqueue(_ frame: OutboundFrame, for peer: Int?) {
    let rule = rule(for: frame.code)
    guard frame.payload.readableBytes <= rule.maximumPayloadByteCount else {
      return logger.error("message not sent", metadata: ["reason": "payload_too_long", "code": "\(frame.code)"])
    }
    if outbox.append(frame, to: rule.lane, for: peer) { eventLoop.execute { [core] in core.value?.takeTurn() } }
  }

  private func rule(for code: UInt16) -> MessageRule {
    guard let rule = configuration.messages[code] else { preconditionFailure("code \(code) is not configured") }
    return rule
  }

  private func onEventLoop(_ body: @escaping @Sendable (PeerMesh) -> Void) {
    if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
  }
}
