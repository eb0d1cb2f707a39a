import DequeModule
import NIOCore

/// A request's state, confined to its connection's event loop.
///
/// Two directions that end one by one: the client's, with `last` or `cancel`, and the server's, with `last`. The request id is in
/// use until both have ended.
final class ServerCall {
  let id: UInt32
  let method: UInt16
  private let connection: RPCServerConnection

  /// Whether the request came as a stream.
  private let isRequestStreamed: Bool
  private(set) var isInputOpen: Bool
  private(set) var isOutputOpen = true
  /// Bytes of the request, counted while the call is in flight.
  let requestByteCount: Int

  private var cancelled: (@Sendable () -> Void)?
  /// `nil` for a call that has one request and one answer.
  private var stream: ServerStream?

  init(id: UInt32, method: UInt16, isInputOpen: Bool, requestByteCount: Int, connection: RPCServerConnection) {
    self.id = id
    self.method = method
    isRequestStreamed = isInputOpen
    self.isInputOpen = isInputOpen
    self.requestByteCount = requestByteCount
    self.connection = connection
    if isInputOpen { stream = ServerStream(credits: connection.limits.streamCredits) }
  }

  var isOver: Bool { !isInputOpen && !isOutputOpen }

  var connectionID: ObjectIdentifier { ObjectIdentifier(connection) }

  func reply(writing body: (inout ByteBuffer) -> Void) {
    guard isOutputOpen else { return }
    guard stream == nil else {
      var payload = ByteBuffer()
      body(&payload)
      return send(payload, last: true)
    }
    guard connection.send(id, .ok, .last, body: body) else { return fail(connection.answerTooLarge) }
    endOutput()
  }

  func send(_ payload: ByteBuffer, last: Bool, sent: EventLoopPromise<Void>? = nil) {
    guard isOutputOpen else {
      sent?.fail(RPCError.cancelled)
      return
    }
    if stream == nil {
      if last { return reply { $0.writeImmutableBuffer(payload) } }
      stream = ServerStream(credits: connection.limits.streamCredits)
    }
    guard let stream else { return }
    stream.sender.append(CreditedSender.Entry(payload: payload, isLast: last, sent: sent))
    connection.waitingStreamBytes += payload.readableBytes
    sendWaiting()
    let isTooMuch =
      stream.sender.waitingCount > connection.limits.waitingStreamFrames
      || connection.waitingStreamBytes > connection.limits.waitingStreamBytes
    if isOutputOpen && stream.sender.waitingCount > 0 && isTooMuch { end(connection.refusal(.streamNotConsumed)) }
  }

  func fail(_ refusal: RPCRefusal) {
    guard isOutputOpen else { return }
    connection.send(refusal, to: id)
    endOutput()
  }

  /// Sends what waits, as far as credits and the link allow, and then asks for more.
  func sendWaiting() {
    guard let stream, isOutputOpen else { return }
    while connection.isWritable, let entry = stream.sender.next() {
      connection.waitingStreamBytes -= entry.payload.readableBytes
      guard connection.send(id, .ok, entry.isLast ? .last : [], body: { $0.writeImmutableBuffer(entry.payload) }) else {
        entry.sent?.fail(RPCError.cancelled)
        return end(connection.answerTooLarge)
      }
      entry.sent?.succeed(())
      if entry.isLast { return endOutput() }
    }
    offerRoom()
  }

  func onReady(_ body: @escaping @Sendable (Int) -> Void) {
    guard isOutputOpen else { return }
    if stream == nil { stream = ServerStream(credits: connection.limits.streamCredits) }
    stream?.ready = body
    offerRoom()
  }

  private func offerRoom() {
    guard let stream, let ready = stream.ready, isOutputOpen, connection.isWritable, stream.sender.room > 0 else { return }
    // What `ready` sends comes back here; it is not asked again inside its own answer.
    stream.ready = nil
    ready(stream.sender.room)
    if isOutputOpen && stream.ready == nil { stream.ready = ready }
  }

  func onInput(_ body: @escaping @Sendable (RPCStreamInput) -> Void) {
    guard isOutputOpen else { return }
    guard let stream, isRequestStreamed else { return body(.end) }
    stream.input = body
    while let input = stream.unread.popFirst() {
      connection.unreadByteCount -= input.byteCount
      body(input)
    }
  }

  func consumed(_ count: Int) {
    guard let stream, isInputOpen else { return }
    let grant = stream.receiver.consume(count)
    if grant > 0 { connection.grant(grant, to: id) }
  }

  func onCancel(_ body: @escaping @Sendable () -> Void) {
    if isOutputOpen { cancelled = body }
  }

  private func endOutput() {
    isOutputOpen = false
    cancelled = nil
    if let stream {
      connection.waitingStreamBytes -= stream.sender.waitingByteCount
      stream.sender.removeAll(failing: RPCError.cancelled)
      (stream.ready, stream.input) = (nil, nil)
      for input in stream.unread { connection.unreadByteCount -= input.byteCount }
      stream.unread.removeAll()
    }
    connection.callDidEndOutput(self)
  }
}

extension ServerCall {
  /// Counts the first message of a stream, which the application gets without asking.
  func open() throws(RPCViolation) {
    guard isInputOpen else { return }
    try stream?.receiver.receive(last: false)
    consumed(1)
  }

  /// A frame that follows the first.
  func receive(_ frame: Frame) throws(RPCViolation) {
    switch try RPCFrame(frame) {
    case .data(let payload, let last):
      guard isInputOpen else { throw .requestIDInUse }
      guard frame.code == method else { throw .methodChanged }
      try receive(payload, last: last)
    case .cancel:
      cancel()
    case .credit(let count):
      if stream == nil { stream = ServerStream(credits: connection.limits.streamCredits) }
      try stream?.sender.grant(count)
      sendWaiting()
    }
  }

  private func receive(_ payload: ByteBuffer, last: Bool) throws(RPCViolation) {
    if last { isInputOpen = false }
    guard isOutputOpen, let stream else { return connection.callDidEndInput(self) }
    try stream.receiver.receive(last: last)
    if payload.readableBytes > connection.limits.messageByteCount(of: method) {
      return fail(connection.refusal(.requestTooLarge(limit: connection.limits.messageByteCount(of: method))))
    }
    if !last || payload.readableBytes > 0 { deliver(.message(payload), to: stream) }
    if last { deliver(.end, to: stream) }
    connection.callDidEndInput(self)
  }

  private func deliver(_ input: RPCStreamInput, to stream: ServerStream) {
    if let receive = stream.input { return receive(input) }
    guard isOutputOpen else { return }
    let limit = connection.limits.bytesInFlight
    guard connection.unreadByteCount + input.byteCount <= limit else {
      return fail(connection.refusal(.tooManyBytesInFlight(limit: limit)))
    }
    connection.unreadByteCount += input.byteCount
    stream.unread.append(input.copied)
  }

  private func cancel() {
    isInputOpen = false
    guard isOutputOpen else { return connection.callDidEndInput(self) }
    end(connection.refusal(.cancelled))
  }

  /// Refuses for a reason that the application does not know of yet.
  private func end(_ refusal: RPCRefusal) {
    let cancelled = cancelled
    fail(refusal)
    cancelled?()
  }

  /// The connection is gone.
  func abandon() {
    isInputOpen = false
    guard isOutputOpen else { return }
    let cancelled = cancelled
    endOutput()
    cancelled?()
  }
}

/// What a call has in addition when messages are streamed.
final class ServerStream {
  var sender: CreditedSender
  var receiver: CreditedReceiver
  var input: (@Sendable (RPCStreamInput) -> Void)?
  /// What came before the application asked for it; bounded by the credits.
  var unread: Deque<RPCStreamInput> = []
  var ready: (@Sendable (Int) -> Void)?

  init(credits: Int) {
    sender = CreditedSender(credits: credits)
    receiver = CreditedReceiver(window: credits)
  }
}

extension RPCStreamInput {
  fileprivate var byteCount: Int { if case .message(let payload) = self { payload.readableBytes } else { 0 } }

  /// With storage of its own: a short message that waits must not keep the long buffer alive in which it was read.
  fileprivate var copied: RPCStreamInput {
    guard case .message(let payload) = self else { return self }
    return .message(ByteBuffer(bytes: payload.readableBytesView))
  }
}
