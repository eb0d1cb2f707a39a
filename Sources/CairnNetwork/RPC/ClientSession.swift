import NIOCore

/// The client's end of one connection, confined to its event loop.
final class ClientSession: FrameLinkDelegate {
  typealias Completion = @Sendable (Result<ByteBuffer, RPCError>) -> Void

  /// Called once: when the server is accepted, or why there is no session.
  var greeted: ((Result<Void, RPCError>) -> Void)?

  private let configuration: RPCClientConfiguration
  private var limits = RPCSessionLimits()
  private var link: FrameLink?
  private var eventLoop: (any EventLoop)?
  private var isGreeted = false
  private var requests = RequestTable()
  private var helloTimer: Scheduled<Void>?
  private var deadlineTimer: Scheduled<Void>?
  /// When ``deadlineTimer`` fires.
  private var nextDeadline = NIODeadline.distantFuture
  /// Why every further call fails.
  private var closed: RPCError?

  init(_ configuration: RPCClientConfiguration) { self.configuration = configuration }

  /// The last handler of the connection's channel.
  func makeLink() -> FrameLink {
    FrameLink(limits: FrameLinkLimits(payloadByteCount: max(configuration.messageByteCount, configuration.answerByteCount)), delegate: self)
  }

  func close() { end(.connectionClosed(reason: "closed")) }

  func call(_ method: UInt16, _ payload: ByteBuffer, deadline: NIODeadline, token: UInt64, completion: @escaping Completion) {
    do throws(RPCError) {
      let id = try start(ClientRequest(kind: .call(completion), deadline: deadline, token: token), payload)
      link?.send(Frame(requestID: id, code: method, payload: payload))
    } catch {
      completion(.failure(error))
    }
  }

  func open(_ method: UInt16, _ payload: ByteBuffer, last: Bool, deadline: NIODeadline, token: UInt64, inbox: StreamInbox) {
    let stream = ClientStream(method: method, credits: limits.streamCredits, inbox: inbox)
    do throws(RPCError) {
      let id = try start(ClientRequest(kind: .stream(stream), deadline: deadline, token: token), payload)
      inbox.batch = max(1, limits.streamCredits / 2)
      // Sent at once: a cancellation that overtook the request would never be answered.
      link?.send(Frame(requestID: id, code: method, flags: last ? .last : [], payload: payload))
      if last { (stream.isOutputOpen, stream.hasSentLast) = (false, true) } else { stream.sender.spend() }
    } catch {
      inbox.finish(.failure(error))
    }
  }

  /// Nothing happens when the call has its answer.
  func cancel(_ token: UInt64) {
    if let id = requests.id(of: token) { giveUp(id, because: .cancelled) }
  }

  func write(_ payload: ByteBuffer, last: Bool, to token: UInt64, sent: EventLoopPromise<Void>?) {
    guard let id = requests.id(of: token), case .stream(let stream)? = requests[id]?.kind, stream.isOutputOpen else {
      sent?.fail(closed ?? .cancelled)
      return
    }
    do throws(RPCError) {
      try checkRoom(for: payload, beside: stream.sender.waitingByteCount)
      if last { stream.isOutputOpen = false }
      stream.sender.append(CreditedSender.Entry(payload: payload, isLast: last, sent: sent))
      sendWaiting(stream, id)
    } catch {
      sent?.fail(error)
    }
  }

  func consumed(_ count: Int, of token: UInt64) {
    guard let id = requests.id(of: token), case .stream(let stream)? = requests[id]?.kind else { return }
    let grant = stream.receiver.consume(count)
    if grant > 0 { link?.sendCredit(id, grant) }
  }

  private func start(_ request: ClientRequest, _ payload: ByteBuffer) throws(RPCError) -> UInt32 {
    if let closed { throw closed }
    guard request.deadline == .distantFuture || request.deadline > eventLoop?.now ?? .now() else { throw .deadlineExceeded }
    try checkRoom(for: payload, beside: 0)
    guard let id = requests.insert(request, limit: limits.requestsInFlight) else {
      throw .tooManyRequestsInFlight(limit: limits.requestsInFlight)
    }
    watch(request.deadline)
    return id
  }

  private func checkRoom(for payload: ByteBuffer, beside waiting: Int) throws(RPCError) {
    let byteCount = payload.readableBytes
    guard byteCount <= configuration.messageByteCount else { throw .requestTooLarge(limit: configuration.messageByteCount) }
    guard (link?.unsentByteCount ?? 0) + waiting + byteCount <= configuration.unsentByteLimit else {
      throw .congested(limit: configuration.unsentByteLimit)
    }
  }

  private func sendWaiting(_ stream: ClientStream, _ id: UInt32) {
    while let link, link.isWritable, let entry = stream.sender.next() {
      if entry.isLast { (stream.isOutputOpen, stream.hasSentLast) = (false, true) }
      link.send(Frame(requestID: id, code: stream.method, flags: entry.isLast ? .last : [], payload: entry.payload))
      entry.sent?.succeed(())
    }
  }

  /// Tells the server, and keeps the id until the server has said its last word about it.
  private func giveUp(_ id: UInt32, because error: RPCError) {
    guard let request = requests[id], !request.isGivenUp else { return }
    requests.giveUp(id)
    link?.sendCancel(id)
    request.fail(error)
  }

  private func end(_ error: RPCError, _ reason: FrameLinkError = .closed) {
    guard closed == nil else { return }
    closed = error
    helloTimer?.cancel()
    deadlineTimer?.cancel()
    link?.abort(reason)
    greeted?(.failure(error))
    greeted = nil
    for request in requests.removeAll() { request.fail(error) }
  }
}

extension ClientSession {
  func linkDidOpen(_ link: FrameLink) {
    self.link = link
    eventLoop = link.channel?.eventLoop
    helloTimer = eventLoop?.assumeIsolated().scheduleTask(in: configuration.helloTimeout) { self.end(.helloTimedOut, .timedOut) }
    link.send(Frame(requestID: 0, code: 0, payload: configuration.hello))
  }

  func link(_ link: FrameLink, didReceive frame: Frame) {
    do throws(RPCViolation) {
      if frame.requestID == 0 { try receiveHello(frame) } else { try receive(frame) }
    } catch {
      end(.connectionClosed(reason: error.rawValue), .violation(error.rawValue))
    }
  }

  func linkDidBecomeWritable(_ link: FrameLink) {
    for (id, stream) in requests.streams { sendWaiting(stream, id) }
  }

  func link(_ link: FrameLink, didClose reason: FrameLinkError) {
    self.link = nil
    end(isGreeted ? .connectionClosed(reason: reason.reason) : .cannotConnect("\(reason)"))
  }

  private func receiveHello(_ frame: Frame) throws(RPCViolation) {
    guard frame.flags == .last else { throw .helloExpected }
    if frame.code != RPCStatus.ok.rawValue {
      let refusal = RPCRefusal(RPCStatus(rawValue: frame.code), frame.payload)
      return end(isGreeted ? .connectionClosed(reason: "refused_by_server") : .helloRefused(refusal))
    }
    guard !isGreeted else { throw .helloRepeated }
    do {
      limits = try configuration.acceptHello(frame.payload)
    } catch {
      return end(.helloRejected("\(error)"))
    }
    isGreeted = true
    helloTimer?.cancel()
    greeted?(.success(()))
    greeted = nil
  }

  private func receive(_ frame: Frame) throws(RPCViolation) {
    guard isGreeted else { throw .helloExpected }
    guard let request = requests[frame.requestID] else { throw .unknownRequest }
    switch try RPCFrame(frame) {
    case .cancel: throw .wrongDirection
    case .credit(let count):
      // Nothing is left to send when the request was given up, or has but one message.
      guard !request.isGivenUp, case .stream(let stream) = request.kind else { return }
      try stream.sender.grant(count)
      sendWaiting(stream, frame.requestID)
    case .data(let payload, let last):
      guard last || frame.code == RPCStatus.ok.rawValue else { throw .unexpectedStream }
      try receive(payload, frame.code, last: last, frame.requestID, request)
    }
  }

  private func receive(_ payload: ByteBuffer, _ code: UInt16, last: Bool, _ id: UInt32, _ request: ClientRequest) throws(RPCViolation) {
    let isRefusal = code != RPCStatus.ok.rawValue
    if request.isGivenUp {
      if last { requests.remove(id) }
      return
    }
    switch request.kind {
    case .call(let completion):
      guard last else { throw .unexpectedStream }
      requests.remove(id)
      completion(isRefusal ? .failure(.refused(RPCRefusal(RPCStatus(rawValue: code), payload))) : .success(payload))
    case .stream(let stream):
      try stream.receiver.receive(last: last)
      guard last else { return stream.inbox.put(payload) }
      requests.remove(id)
      // The id is free for the server only when this side has ended too.
      if !stream.hasSentLast { link?.sendCancel(id) }
      if isRefusal {
        stream.end(.failure(.refused(RPCRefusal(RPCStatus(rawValue: code), payload))))
      } else {
        if payload.readableBytes > 0 { stream.inbox.put(payload) }
        stream.end(.success(nil))
      }
    }
  }
}

extension ClientSession {
  /// One timer per connection, set to the earliest deadline that is known. When it fires it looks at the requests in flight,
  /// which are few; requests that are answered in time, nearly all, never touch it.
  private func watch(_ deadline: NIODeadline) {
    guard deadline < nextDeadline else { return }
    nextDeadline = deadline
    deadlineTimer?.cancel()
    deadlineTimer = eventLoop?.assumeIsolated().scheduleTask(deadline: deadline) { self.sweep() }
  }

  private func sweep() {
    let now = nextDeadline
    nextDeadline = .distantFuture
    var earliest = NIODeadline.distantFuture
    for (id, deadline) in requests.deadlines {
      if deadline <= now { giveUp(id, because: .deadlineExceeded) } else { earliest = min(earliest, deadline) }
    }
    if closed == nil { watch(earliest) }
  }
}
