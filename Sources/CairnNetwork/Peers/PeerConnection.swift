import CairnCrypto
import NIOCore
import NIOSSL
import NIOTLS

/// Who is told what happens on a ``PeerConnection``.
protocol PeerConnectionOwner: AnyObject {
  /// Whether the other side may hold this key.
  func expects(_ key: PublicKey) -> Bool
  /// TLS is up, and this is the key that the other side proved to hold.
  func secured(_ connection: PeerConnection, key: PublicKey)
  /// A frame, of any kind.
  func received(_ frame: Frame, on connection: PeerConnection)
  /// The connection takes more to send again.
  func writable(_ connection: PeerConnection)
  /// The connection is over; called once.
  func closed(_ connection: PeerConnection, because problem: PeerProblem)
}

/// One connection of the mesh inside TLS: frames in and out, the time limits, and the reason of its end.
///
/// Confined to the mesh's event loop.
final class PeerConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Side {
    case dialled
    case accepted
  }

  private enum Stage {
    case handshaking
    /// TLS is up, a hello is awaited.
    case secured
    /// Both hellos were accepted.
    case established
    /// The other side was told why it is refused, and is expected to close.
    case refusing(PeerProblem)
    case closed
  }

  let side: Side
  private let limits: PeerMeshLimits
  private var owner: (any PeerConnectionOwner)?

  private var stage = Stage.handshaking
  private(set) var lastHeard = NIODeadline.now()
  private var context: ChannelHandlerContext?
  private var timer: Scheduled<Void>?

  private var decoder: FrameDecoder
  private var incoming = ByteBuffer()
  private var outgoing = ByteBuffer()
  private var isFlushScheduled = false
  /// `nil`, except in a test that makes the way to the peer longer.
  private var delayLine: DelayLine<Arrival>?
  private var isReading = true

  /// What comes in, in order.
  private enum Arrival {
    case bytes(ByteBuffer)
    case end
  }

  init(_ side: Side, limits: PeerMeshLimits, owner: any PeerConnectionOwner) {
    self.side = side
    self.limits = limits
    self.owner = owner
    decoder = FrameDecoder(payloadLimit: limits.helloByteCount)
  }

  var isOpen: Bool { if case .closed = stage { false } else { true } }

  /// Whether what is written now leaves without piling up in memory.
  var isWritable: Bool { isOpen && context?.channel.isWritable == true }

  var isWaitingForHello: Bool {
    switch stage {
    case .handshaking, .secured, .refusing: true
    case .established, .closed: false
    }
  }

  func hand(to owner: any PeerConnectionOwner) { self.owner = owner }

  /// From now on, what comes in is held as if the peer were farther away.
  func delay(as conditions: LinkConditions, random: @escaping () -> Double) {
    guard let context, isOpen else { return }
    delayLine = DelayLine(conditions, eventLoop: context.eventLoop, random: random) { [weak self] in self?.takeDelayed($0) }
  }

  /// Both hellos were accepted: frames of the full size may come, and keep-alive begins.
  func establish() {
    guard case .secured = stage else { return }
    stage = .established
    decoder.payloadLimit = limits.payloadByteCount
    keepAlive()
  }

  /// Appends a frame; everything written in one turn of the event loop leaves together.
  func write(_ code: UInt16, requestID: UInt32 = 0, payload: ByteBuffer = ByteBuffer()) {
    guard let context, isOpen else { return }
    outgoing.writeFrame(Frame(requestID: requestID, code: code, payload: payload))
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    context.eventLoop.assumeIsolated().execute { self.flush() }
  }

  func write(_ code: ControlCode, requestID: UInt32 = 0, payload: ByteBuffer = ByteBuffer()) {
    write(code.rawValue, requestID: requestID, payload: payload)
  }

  /// Sends these frames at once, in one write.
  func send(_ frames: [OutboundFrame]) {
    guard isOpen else { return }
    for frame in frames { outgoing.writeFrame(Frame(requestID: frame.requestID, code: frame.code, payload: frame.payload)) }
    flush()
  }

  private func flush() {
    isFlushScheduled = false
    guard let context, isOpen, outgoing.readableBytes > 0 else { return }
    context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
    outgoing = context.channel.allocator.buffer(capacity: 1024)
  }

  /// Tells the other side why it is refused. It closes then; if it does not, the handshake's time limit ends the connection.
  func refuse(because problem: PeerProblem, saying text: String) {
    guard isOpen else { return }
    write(.refused, payload: ByteBuffer(string: RefusalText.printable(text.utf8)))
    stage = .refusing(problem)
  }

  /// Ends the connection at once. The owner is told before this returns.
  func close(because problem: PeerProblem) {
    guard isOpen else { return }
    let reason = if case .refusing(let earlier) = stage { earlier } else { problem }
    stage = .closed
    timer?.cancel()
    delayLine?.cancel()
    closeTransport()
    let owner = owner
    self.owner = nil
    owner?.closed(self, because: reason)
  }

  /// Below TLS, which would first wait for the other side's farewell. Every frame carries its length, so nothing can be cut off
  /// unnoticed.
  private func closeTransport() {
    guard let context else { return }
    let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLHandler.self)
    (tls ?? context).close(promise: nil)
  }

  private func keepAlive() {
    schedule(in: limits.pingInterval) { connection in
      if NIODeadline.now() - connection.lastHeard >= connection.limits.silenceTimeout { return connection.close(because: .silent) }
      if connection.side == .dialled { connection.write(.ping) }
      connection.keepAlive()
    }
  }

  private func schedule(in delay: TimeAmount, _ task: @escaping (PeerConnection) -> Void) {
    timer?.cancel()
    timer = context?.eventLoop.assumeIsolated().scheduleTask(in: delay) { task(self) }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    schedule(in: limits.handshakeTimeout) { $0.close(because: .handshakeTimeout) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    arrived(.end)
    self.context = nil
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .handshakeCompleted? = event as? TLSUserEvent, case .handshaking = stage else { return }
    guard let key = context.channel.authenticatedPeerKey else {
      return close(because: .handshakeFailed("the other side showed no Ed25519 key"))
    }
    guard owner?.expects(key) == true else { return close(because: unexpected(key)) }
    stage = .secured
    owner?.secured(self, key: key)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { arrived(.bytes(unwrapInboundIn(data))) }

  private func arrived(_ arrival: Arrival) {
    guard let delayLine else { return take(arrival) }
    guard isOpen else { return }
    switch arrival {
    case .bytes(let bytes): delayLine.hold(arrival, byteCount: bytes.readableBytes)
    case .end: delayLine.hold(arrival, byteCount: 0)
    }
    if delayLine.isFull { setReading(false) }
  }

  private func takeDelayed(_ arrival: Arrival) {
    take(arrival)
    if delayLine?.isFull == false { setReading(true) }
  }

  private func setReading(_ isReading: Bool) {
    guard isReading != self.isReading else { return }
    self.isReading = isReading
    try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
  }

  private func take(_ arrival: Arrival) {
    switch arrival {
    case .bytes(let bytes): take(bytes)
    case .end: close(because: endedByPeer)
    }
  }

  private func take(_ received: ByteBuffer) {
    lastHeard = .now()
    var bytes = received
    if incoming.readableBytes == 0 { incoming = bytes } else { incoming.writeBuffer(&bytes) }
    do {
      while isOpen, let frame = try decoder.decode(buffer: &incoming) {
        guard frame.flags == .last else { return close(because: .malformed("flags")) }
        if case .refusing = stage { continue }
        owner?.received(frame, on: self)
      }
    } catch {
      close(because: .malformed(error.reason))
    }
    // TLS decrypts the next bytes into the same storage, and would copy all of it if that were still held here.
    if incoming.readableBytes == 0 { incoming = ByteBuffer() } else { incoming.discardReadBytes() }
  }

  func channelReadComplete(context: ChannelHandlerContext) { flush() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if isWritable { owner?.writable(self) }
  }

  func channelInactive(context: ChannelHandlerContext) { arrived(.end) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard case .handshaking = stage, !(error is IOError) else { return arrived(.end) }
    // Also known when the handshake failed because of it.
    if let key = context.channel.authenticatedPeerKey, owner?.expects(key) == false { return close(because: unexpected(key)) }
    close(because: .handshakeFailed("\(error)"))
  }

  private func unexpected(_ key: PublicKey) -> PeerProblem { side == .dialled ? .wrongKey(key) : .unknownKey(key) }

  private var endedByPeer: PeerProblem {
    if case .secured = stage, side == .dialled { .notAdmitted } else { .closedByPeer }
  }
}

extension PeerConnection: Equatable {
  static func == (left: PeerConnection, right: PeerConnection) -> Bool { left === right }
}
