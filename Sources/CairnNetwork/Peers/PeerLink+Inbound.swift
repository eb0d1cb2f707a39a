import Logging
import NIOCore

/// The connection this node accepts: the peer's messages and requests come in on it, answers go back.
extension PeerLink {
  func receivedOnAccepted(_ frame: Frame, on connection: PeerConnection) {
    guard connection === inbound else { return receivedFirst(frame, on: connection) }
    switch ControlCode(rawValue: frame.code) {
    case .ping: if connection.isWritable { connection.write(.pong) }
    case nil: receivedMessage(frame, on: connection)
    default: connection.close(because: .malformed("code \(frame.code) on a connection that this node accepted"))
    }
  }

  private func receivedFirst(_ frame: Frame, on connection: PeerConnection) {
    guard ControlCode(rawValue: frame.code) == .hello else { return connection.close(because: .malformed("no hello")) }
    guard !isCut else { return connection.close(because: isStopped ? .shutDown : .blocked) }
    guard accepts(hello: frame, on: connection) else { return }
    connection.establish()
    let earlier = inbound
    inbound = connection
    unanswered = []
    earlier?.close(because: .replaced)
    sendHello(on: connection)
    if case .connected = outbound { problem = nil }
    logger.debug("peer connected to this node")
    dialNow()
  }

  func acceptedClosed(_ connection: PeerConnection, because problem: PeerProblem) {
    guard connection === inbound else {
      // A hello that was refused, or never came. The connection in the other direction may be fine.
      logger.debug("refused a connection of peer", metadata: ["reason": "\(problem.reason)", "detail": "\(problem)"])
      if inbound == nil, !isStopped { self.problem = problem }
      return
    }
    inbound = nil
    unanswered = []
    if self.problem == nil { self.problem = problem }
    logger.debug("peer's connection to this node ended", metadata: ["reason": "\(problem.reason)", "detail": "\(problem)"])
  }

  private func receivedMessage(_ frame: Frame, on connection: PeerConnection) {
    let byteCount = frame.payload.readableBytes
    switch intake.judge(frame.code, payloadByteCount: byteCount, at: NIODeadline.now().uptimeNanoseconds) {
    case .payloadTooLong: connection.close(because: .payloadTooLong(code: frame.code, byteCount: byteCount))
    case .drop: if frame.requestID != 0 { decline(frame.requestID, on: connection) }
    case .accept:
      if frame.requestID == 0 {
        environment.delegate.received(frame.code, frame.payload, from: peer.index)
      } else {
        receivedRequest(frame, on: connection)
      }
    }
  }

  /// Passes a request on, if the peer has not too many of them already and reads the answers it gets.
  private func receivedRequest(_ frame: Frame, on connection: PeerConnection) {
    let id = frame.requestID
    guard !unanswered.contains(id) else { return connection.close(because: .malformed("request id \(id) is in use")) }
    guard unanswered.count < environment.limits.requestsInFlight, connection.isWritable else { return decline(id, on: connection) }
    unanswered.insert(id)
    let target = NIOLoopBound((link: self, connection: connection), eventLoop: environment.eventLoop)
    let code = frame.code
    environment.delegate.received(request: code, frame.payload, from: peer.index) { [eventLoop = environment.eventLoop] payload in
      eventLoop.execute { target.value.link.reply(payload, to: id, code: code, on: target.value.connection) }
    }
  }

  /// Ignores what comes twice, or after the connection.
  private func reply(_ payload: ByteBuffer, to id: UInt32, code: UInt16, on connection: PeerConnection) {
    guard connection === inbound, unanswered.remove(id) != nil else { return }
    guard payload.readableBytes <= environment.limits.payloadByteCount else { return decline(id, on: connection) }
    connection.write(code, requestID: id, payload: payload)
  }

  private func decline(_ id: UInt32, on connection: PeerConnection) {
    if connection.isWritable { connection.write(.declined, requestID: id) }
  }
}
