import NIOCore

/// The server's end of one connection, confined to its event loop.
final class RPCServerConnection: FrameLinkDelegate {
  let limits: RPCLimits
  /// Bytes of all streams' answers that wait for credits.
  var waitingStreamBytes = 0
  /// Bytes that clients have streamed and no application has asked for yet.
  var unreadByteCount = 0

  private let handler: any RPCServerHandler
  private let refused: RPCRefusalReason?
  private let didOpen: (RPCServerConnection) -> Void
  private let didClose: (RPCServerConnection) -> Void

  private var link: FrameLink?
  private var eventLoop: (any EventLoop)?
  private var isGreeted = false
  private var isDraining = false

  /// Requests whose id is in use, except one that is being handled at this moment.
  private var calls: [UInt32: ServerCall] = [:]
  private var unansweredCount = 0
  private var requestByteCount = 0

  private var timer: Scheduled<Void>?
  private var receivedFrameCount: UInt64 = 0

  /// - Parameter refused: why the connection is only opened to be told that it is refused.
  init(
    handler: any RPCServerHandler, limits: RPCLimits, refused: RPCRefusalReason?,
    didOpen: @escaping (RPCServerConnection) -> Void, didClose: @escaping (RPCServerConnection) -> Void
  ) {
    self.handler = handler
    self.limits = limits
    self.refused = refused
    self.didOpen = didOpen
    self.didClose = didClose
  }

  /// The last handler of the connection's channel.
  func makeLink() -> FrameLink { FrameLink(limits: FrameLinkLimits(payloadByteCount: limits.helloByteCount), delegate: self) }

  /// Takes no more requests and closes when those in flight are answered.
  func drain() {
    isDraining = true
    if unansweredCount == 0 { link?.close() }
  }

  func abort() { link?.abort() }
}

extension RPCServerConnection {
  func linkDidOpen(_ link: FrameLink) {
    self.link = link
    eventLoop = link.channel?.eventLoop
    didOpen(self)
    after(limits.helloTimeout) { $0.link?.abort(.timedOut) }
    if let refused {
      send(handler.refusal(because: refused), to: 0)
      link.close()
    }
  }

  func link(_ link: FrameLink, didReceive frame: Frame) {
    receivedFrameCount &+= 1
    do throws(RPCViolation) {
      guard isGreeted else { return try greet(frame) }
      guard frame.requestID != 0 else { throw .helloRepeated }
      if let call = calls[frame.requestID] { try call.receive(frame) } else { try open(frame) }
    } catch {
      send(handler.refusal(because: .violation(error)), to: 0)
      link.close(.violation(error.rawValue))
    }
  }

  func link(_ link: FrameLink, didReject error: FrameError) {
    switch error {
    case .tooLong(let requestID, let limit, _): send(handler.refusal(because: .requestTooLarge(limit: limit)), to: requestID)
    case .tooShort, .unknownFlags: send(handler.refusal(because: .malformedFrame), to: 0)
    }
    link.close(.frame(error))
  }

  func linkDidBecomeWritable(_ link: FrameLink) {
    for call in Array(calls.values) { call.sendWaiting() }
  }

  func link(_ link: FrameLink, didClose reason: FrameLinkError) {
    timer?.cancel()
    self.link = nil
    for call in Array(calls.values) { call.abandon() }
    calls.removeAll()
    didClose(self)
  }

  private func greet(_ frame: Frame) throws(RPCViolation) {
    guard frame.requestID == 0, frame.code == 0, frame.flags == .last else { throw .helloExpected }
    do throws(RPCRefusal) {
      let hello = try handler.greet(frame.payload, from: link?.channel?.remoteAddress)
      isGreeted = true
      link?.payloadLimit = max(limits.messageByteCount, limits.batchMessageByteCount)
      link?.sendLimit = limits.answerByteCount
      link?.send(Frame(requestID: 0, code: RPCStatus.ok.rawValue, payload: hello))
      watchIdleness()
    } catch {
      send(error, to: 0)
      link?.close()
    }
  }

  private func open(_ frame: Frame) throws(RPCViolation) {
    // A cancellation or a grant that crossed the answer is about nothing any more.
    guard case .data(let payload, let last) = try RPCFrame(frame) else { return }
    let isRefused = refusalReason(of: frame)
    // A request that counts is one that stays in flight: what is answered inside `handle` never enters the table.
    let call = ServerCall(
      id: frame.requestID, method: frame.code, isInputOpen: !last, requestByteCount: payload.readableBytes, connection: self)
    if let isRefused {
      guard calls.count < 2 * limits.requestsInFlight else { throw .limitsIgnored }
      call.fail(handler.refusal(because: isRefused))
    } else {
      try call.open()
      guard let eventLoop else { return }
      handler.handle(RPCServerCall(call, on: eventLoop), payload)
    }
    track(call)
  }

  private func track(_ call: ServerCall) {
    guard link != nil else { return call.abandon() }
    guard !call.isOver else { return }
    calls[call.id] = call
    guard call.isOutputOpen else { return }
    unansweredCount += 1
    requestByteCount += call.requestByteCount
  }

  private func refusalReason(of frame: Frame) -> RPCRefusalReason? {
    let byteCount = frame.payload.readableBytes
    if isDraining { return .shuttingDown }
    if calls.count >= limits.requestsInFlight { return .tooManyRequestsInFlight(limit: limits.requestsInFlight) }
    let limit = limits.messageByteCount(of: frame.code)
    if byteCount > limit { return .requestTooLarge(limit: limit) }
    if requestByteCount + byteCount > limits.bytesInFlight { return .tooManyBytesInFlight(limit: limits.bytesInFlight) }
    return nil
  }
}

// What calls use.
extension RPCServerConnection {
  var isWritable: Bool { link?.isWritable ?? false }

  var answerTooLarge: RPCRefusal { refusal(.answerTooLarge(limit: limits.answerByteCount)) }

  func refusal(_ reason: RPCRefusalReason) -> RPCRefusal { handler.refusal(because: reason) }

  /// - Returns: `false`, with nothing sent, for an answer that is too large.
  func send(_ id: UInt32, _ status: RPCStatus, _ flags: FrameFlags, body: (inout ByteBuffer) -> Void) -> Bool {
    link?.send(requestID: id, code: status.rawValue, flags: flags, body: body) ?? true
  }

  func send(_ refusal: RPCRefusal, to id: UInt32) {
    let code = refusal.status.rawValue
    guard let link, !link.send(Frame(requestID: id, code: code, payload: refusal.payload)) else { return }
    link.send(Frame(requestID: id, code: code))
  }

  func grant(_ count: Int, to id: UInt32) { link?.sendCredit(id, count) }

  func callDidEndOutput(_ call: ServerCall) {
    guard calls[call.id] === call else { return }
    unansweredCount -= 1
    requestByteCount -= call.requestByteCount
    callDidEndInput(call)
    if isDraining && unansweredCount == 0 { link?.close() }
  }

  func callDidEndInput(_ call: ServerCall) {
    if call.isOver && calls[call.id] === call { calls[call.id] = nil }
  }
}

extension RPCServerConnection {
  /// One timer at a time: until the hello for the hello, then for idleness.
  private func after(_ delay: TimeAmount, _ body: @escaping (RPCServerConnection) -> Void) {
    timer?.cancel()
    timer = eventLoop?.assumeIsolated().scheduleTask(in: delay) { body(self) }
  }

  private func watchIdleness() {
    let (received, sent) = (receivedFrameCount, link?.sentByteCount)
    after(limits.idleTimeout) { connection in
      guard let link = connection.link else { return }
      let hasMoved = connection.receivedFrameCount != received || link.sentByteCount != sent
      if !hasMoved && (connection.calls.isEmpty || link.unsentByteCount > 0) {
        link.abort(.timedOut)
      } else {
        connection.watchIdleness()
      }
    }
  }
}
