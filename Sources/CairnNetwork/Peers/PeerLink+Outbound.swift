import NIOCore
import NIOPosix

/// The connection this node dials: its messages and requests go out on it, answers come back.
extension PeerLink {
  /// Dials, unless that is under way or must not be.
  func dial() {
    guard case .idle = outbound, !isCut, let address else { return }
    attemptCount += 1
    let attempt = attemptCount
    outbound = .dialling(attempt: attempt)
    let channels = NIOLoopBound(environment.channels, eventLoop: environment.eventLoop)
    let bootstrap = ClientBootstrap(group: environment.eventLoop)
      .connectTimeout(environment.limits.handshakeTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.writeBufferWaterMark, value: MeshEnvironment.writeBufferWaterMark)
      .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try channels.value.add(channel) } }
    let connecting = handshakeDelay().assumeIsolated().flatMap { bootstrap.connect(host: address.host, port: address.port) }
    attempts[attempt] = connecting.map { _ in }.nonisolated()
    connecting.whenComplete { [self] result in
      attempts[attempt] = nil
      dialled(result, attempt: attempt)
    }
  }

  /// The round trips of TCP and of TLS, which take no time here, where a test puts the peer farther away.
  private func handshakeDelay() -> EventLoopFuture<Void> {
    guard let conditions else { return environment.eventLoop.makeSucceededVoidFuture() }
    return environment.eventLoop.scheduleTask(in: TimeAmount(conditions.roundTrip) * 2) {}.futureResult
  }

  /// Dials without waiting for the delay to pass: there is a new reason to believe that the peer is there.
  func dialNow() {
    if case .waiting(let timer) = outbound {
      timer.cancel()
      outbound = .idle
    }
    dial()
  }

  private func dialled(_ result: Result<any Channel, any Error>, attempt: Int) {
    guard case .dialling(attempt) = outbound else {
      if case .success(let channel) = result { channel.close(promise: nil) }
      return
    }
    switch result {
    case .failure(let error): failed(.unreachable(UnreachableText.describe(error)))
    case .success(let channel):
      let connection = PeerConnection(.dialled, limits: environment.limits, owner: self)
      outbound = .handshaking(connection)
      do {
        let tls = try tls ?? TLSClient.peer(environment.identity, expecting: peer.nodeKey)
        self.tls = tls
        try tls.secure(channel)
        try channel.pipeline.syncOperations.addHandler(connection)
      } catch {
        channel.close(promise: nil)
        connection.close(because: .handshakeFailed("\(error)"))
      }
    }
  }

  private func failed(_ problem: PeerProblem) {
    noteFailure(problem)
    waitAndDial()
  }

  private func waitAndDial() {
    let wait = delay.next(jitter: environment.jitter())
    outbound = .waiting(
      environment.eventLoop.assumeIsolated().scheduleTask(in: wait) { [self] in
        outbound = .idle
        dial()
      })
  }

  func dialledClosed(_ connection: PeerConnection, because problem: PeerProblem) {
    switch outbound {
    case .handshaking(connection):
      outbound = .idle
      if !isCut { failed(problem) }
    case .connected(connection):
      outbound = .idle
      noteLost(problem)
      environment.outbox.disconnect(peer.index)
      requests.failAll(.disconnected)
      environment.delegate.disconnected(peer.index, because: problem)
      if !isCut { waitAndDial() }
    default: break
    }
  }

  func receivedOnDialled(_ frame: Frame, on connection: PeerConnection) {
    switch (outbound, ControlCode(rawValue: frame.code)) {
    case (.handshaking(connection), .hello):
      guard accepts(hello: frame, on: connection) else { return }
      connection.establish()
      outbound = .connected(connection)
      delay.reset()
      noteConnected()
      environment.outbox.connect(peer.index)
      environment.delegate.connected(peer.index)
      drain()
    case (.connected(connection), .pong): break
    case (.connected(connection), .declined): requests.complete(frame.requestID, with: .failure(.declined))
    case (.connected(connection), nil) where frame.requestID != 0: requests.complete(frame.requestID, with: .success(frame.payload))
    default: connection.close(because: .malformed("code \(frame.code) on a connection that this node dialled"))
    }
  }

  /// Moves frames from the queue to the connection for as long as it takes them.
  func drain() {
    guard case .connected(let connection) = outbound else { return }
    while connection.isWritable {
      let frames = environment.outbox.removeFirst(upTo: MeshEnvironment.writeByteCount, for: peer.index)
      guard !frames.isEmpty else { return }
      connection.send(frames)
    }
  }

  /// - Returns: the id under which the request is to be queued, `nil` when it failed at once.
  func begin(_ promise: EventLoopPromise<ByteBuffer>, timeout: TimeAmount) -> UInt32? {
    guard case .connected = outbound else {
      promise.fail(PeerRequestError.notConnected)
      return nil
    }
    guard requests.count < environment.limits.requestsInFlight else {
      promise.fail(PeerRequestError.overloaded)
      return nil
    }
    let id = requests.nextID()
    let timer = environment.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [self] in
      requests.complete(id, with: .failure(.timedOut))
    }
    requests.insert(promise, timeout: timer, id: id)
    return id
  }
}

/// What an operator is told when there is no TCP connection.
private enum UnreachableText {
  static func describe(_ error: any Error) -> String {
    guard let failure = error as? NIOConnectionError else { return "\(error)" }
    if let last = failure.connectionErrors.last { return "\(last.error)" }
    return "the name \(failure.host) was not found"
  }
}
