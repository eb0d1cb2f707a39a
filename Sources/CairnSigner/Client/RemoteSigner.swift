import CairnChain
public import CairnCrypto
import CairnNetwork
public import Logging
public import NIOCore
import NIOPosix

/// Where a node's signer is.
public struct RemoteSignerSettings: VoteSignerMaker, Hashable {
  public var address: SignerAddress
  /// Pinned over TLS; not used over a Unix socket.
  public var signerKey: PublicKey?
  /// From a request to its failure.
  public var timeoutMilliseconds: UInt64

  public init(address: SignerAddress, signerKey: PublicKey?, timeoutMilliseconds: UInt64) {
    (self.address, self.signerKey, self.timeoutMilliseconds) = (address, signerKey, timeoutMilliseconds)
  }

  public func make(
    network: Digest, key: PublicKey, nodeKey: SigningKey, on loop: any EventLoop, logger: Logger
  ) throws -> any VoteSigner {
    var tls: TLSClient?
    if case .tls = address {
      guard let signerKey else { throw RemoteSignerError.noSignerKey }
      tls = try .signer(try NodeIdentity(nodeKey), expecting: signerKey)
    }
    return RemoteSigner(self, tls: tls, hello: SignerHello(network: network, key: key), on: loop, logger: logger)
  }
}

/// Why there can be no connection to a signer.
public enum RemoteSignerError: Error, Equatable, Sendable {
  /// TLS without a key to pin.
  case noSignerKey
}

/// The node's end of the connection to its signer. It is made anew when it ends, for as long as the node runs.
///
/// Requests that have no answer when a connection ends are asked again on the next one, until their deadline: the same statement gets
/// the same signature. An answer that comes after the deadline is handed on too; whether it is still of use is for consensus to say.
final class RemoteSigner: VoteSigner {
  private enum State {
    case idle
    case waiting(Scheduled<Void>)
    case dialling(attempt: Int)
    case greeting(FrameLink, timer: Scheduled<Void>)
    case connected(FrameLink)
  }

  private struct Request {
    let statement: Statement
    var sentAt: NIODeadline?
    /// `nil` after it.
    var deadline: Scheduled<Void>?
  }

  private let settings: RemoteSignerSettings
  private let tls: TLSClient?
  private let hello: SignerHello
  private let loop: any EventLoop
  private let logger: Logger
  private var client: VoteSignerClient?
  private var state = State.idle
  private var attempts = 0
  private var delay = ReconnectDelay(
    shortest: SignerLimits.shortestReconnectDelay, longest: SignerLimits.longestReconnectDelay)
  /// By request id, which rises.
  private var requests: [UInt32: Request] = [:]
  private var lastID: UInt32 = 0
  private var lastHeard = NIODeadline.now()
  private var problem: String? = "not_connected"
  private var loggedProblem: String?
  private var isStopped = false

  init(_ settings: RemoteSignerSettings, tls: TLSClient?, hello: SignerHello, on loop: any EventLoop, logger: Logger) {
    (self.settings, self.tls, self.hello, self.loop, self.logger) = (settings, tls, hello, loop, logger)
  }

  private var timeout: TimeAmount { .milliseconds(Int64(clamping: settings.timeoutMilliseconds)) }

  var status: VoteSignerStatus { VoteSignerStatus(address: settings.address.description, problem: problem) }

  func start(_ client: VoteSignerClient) {
    self.client = client
    dial()
  }

  func stop() {
    isStopped = true
    client = nil
    for request in requests.values { request.deadline?.cancel() }
    requests = [:]
    switch state {
    case .waiting(let timer): timer.cancel()
    case .greeting(let link, let timer):
      timer.cancel()
      link.abort()
    case .connected(let link): link.abort()
    case .idle, .dialling: break
    }
    state = .idle
  }

  func sign(_ statement: Statement) {
    guard !isStopped else { return }
    for (id, earlier) in requests where earlier.statement == statement { forget(id) }
    if requests.count >= SignerLimits.openRequests {
      // Answered late, if at all: room is for what still counts.
      guard let oldest = requests.filter({ $0.value.deadline == nil }).keys.min() else {
        client?.answer(.failed(statement, .overloaded))
        return
      }
      forget(oldest)
    }
    lastID = lastID == .max ? 1 : lastID + 1
    let id = lastID
    let deadline = loop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in self?.deadlinePassed(id) ?? () }
    requests[id] = Request(statement: statement, sentAt: nil, deadline: deadline)
    if case .connected(let link) = state { send(id, on: link) }
  }

  private func send(_ id: UInt32, on link: FrameLink) {
    guard let statement = requests[id]?.statement else { return }
    requests[id]?.sentAt = .now()
    link.send(Frame(requestID: id, code: SignerMessage.Code.sign.rawValue, payload: ByteBuffer(bytes: SignerMessage.sign(statement).bytes)))
  }

  @discardableResult
  private func forget(_ id: UInt32) -> Request? {
    let request = requests.removeValue(forKey: id)
    request?.deadline?.cancel()
    return request
  }

  private func deadlinePassed(_ id: UInt32) {
    guard let request = requests[id] else { return }
    requests[id]?.deadline = nil
    // Nothing was sent, so nothing can come.
    if request.sentAt == nil { requests[id] = nil }
    client?.answer(.failed(request.statement, .late))
    closeIfSilent()
  }

  /// A connection on which nothing comes may be one that the other side knows nothing of any more.
  private func closeIfSilent() {
    guard case .connected(let link) = state, let oldest = requests.values.compactMap(\.sentAt).min() else { return }
    let limit = TimeAmount.nanoseconds(timeout.nanoseconds * SignerLimits.silentDeadlines)
    if NIODeadline.now() - max(oldest, lastHeard) >= limit { link.abort(.timedOut) }
  }
}

extension RemoteSigner {
  private func dial() {
    guard !isStopped, case .idle = state else { return }
    attempts += 1
    let attempt = attempts
    state = .dialling(attempt: attempt)
    let bootstrap = ClientBootstrap(group: loop).connectTimeout(SignerLimits.handshakeTimeout)
    let connecting =
      switch settings.address {
      case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
      case .tls(let place): bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: place.host, port: place.port)
      }
    connecting.assumeIsolated().whenComplete { [self] result in dialled(result, attempt: attempt) }
  }

  private func dialled(_ result: Result<any Channel, any Error>, attempt: Int) {
    guard case .dialling(attempt) = state, !isStopped else {
      if case .success(let channel) = result { channel.close(promise: nil) }
      return
    }
    switch result {
    case .failure: failed(because: "unreachable")
    case .success(let channel):
      let link = FrameLink(limits: FrameLinkLimits(payloadByteCount: SignerMessage.byteLimit), delegate: self)
      let timer = loop.assumeIsolated().scheduleTask(in: SignerLimits.handshakeTimeout) { link.abort(.timedOut) }
      state = .greeting(link, timer: timer)
      do {
        try tls?.secure(channel)
        try channel.pipeline.syncOperations.addHandler(link)
      } catch {
        timer.cancel()
        channel.close(promise: nil)
        failed(because: "handshake_failed")
      }
    }
  }

  /// One line for each change: an attempt that fails as the one before is not logged again.
  private func failed(because reason: String) {
    problem = reason
    if loggedProblem != reason {
      loggedProblem = reason
      logger.error(
        "No connection to the signer: this node follows and serves without voting",
        metadata: ["reason": "\(reason)", "signer": "\(settings.address)"])
    }
    for (id, request) in requests {
      // What is late is not asked again.
      if request.deadline == nil { forget(id) } else { requests[id]?.sentAt = nil }
    }
    let timer = loop.assumeIsolated().scheduleTask(in: delay.next(jitter: .random(in: 0..<1))) { [weak self] in
      guard let self else { return }
      state = .idle
      dial()
    }
    state = .waiting(timer)
  }

  private func greeted(_ link: FrameLink) {
    state = .connected(link)
    delay.reset()
    (problem, loggedProblem) = (nil, nil)
    logger.notice("The signer is connected", metadata: ["signer": "\(settings.address)"])
    for id in requests.keys.sorted() { send(id, on: link) }
  }
}

extension RemoteSigner: FrameLinkDelegate {
  func linkDidOpen(_ link: FrameLink) {
    let hello = SignerHello(network: hello.network, key: hello.key, vote: client?.highestVote())
    link.send(Frame(requestID: 0, code: SignerMessage.Code.hello.rawValue, payload: ByteBuffer(bytes: SignerMessage.hello(hello).bytes)))
  }

  func link(_ link: FrameLink, didReceive frame: Frame) {
    lastHeard = .now()
    guard frame.flags == .last, let message = SignerMessage(code: frame.code, decoding: Array(frame.payload.readableBytesView)) else {
      return link.abort(.violation("malformed"))
    }
    switch (state, message) {
    case (.greeting(let current, let timer), .hello(let other)) where current === link && frame.requestID == 0:
      timer.cancel()
      if let refusal = hello.refusal(of: other) { return link.abort(.violation(refusal.reason)) }
      greeted(link)
    case (.greeting(let current, _), .refused(let refusal)) where current === link && frame.requestID == 0:
      link.abort(.violation(refusal.reason))
    case (.connected(let current), .signed(let signature)) where current === link:
      guard let request = forget(frame.requestID) else { return }
      client?.answer(.signed(request.statement, signature))
    case (.connected(let current), .refused(let refusal)) where current === link:
      guard let request = forget(frame.requestID) else { return }
      client?.answer(.failed(request.statement, .refused(refusal)))
    default: link.abort(.violation("unexpected_message"))
    }
  }

  func linkDidBecomeWritable(_ link: FrameLink) {}

  func link(_ link: FrameLink, didClose reason: FrameLinkError) {
    guard !isStopped else { return }
    switch state {
    case .greeting(let current, let timer) where current === link:
      timer.cancel()
      failed(because: reason.reason)
    case .connected(let current) where current === link: failed(because: reason.reason)
    default: break
    }
  }
}
