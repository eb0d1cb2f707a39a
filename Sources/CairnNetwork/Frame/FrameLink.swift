package import NIOCore
import NIOSSL

/// What a link tells its owner. Every call comes on the channel's event loop.
package protocol FrameLinkDelegate: AnyObject {
  /// The channel is connected. Under TLS the handshake may still be going on: what is sent now waits for it, and a frame that
  /// arrives proves that it is done.
  func linkDidOpen(_ link: FrameLink)

  func link(_ link: FrameLink, didReceive frame: Frame)

  /// The peer sent something that is not a frame of this link. Say so if you like, and close the link: it ends in any case.
  func link(_ link: FrameLink, didReject error: FrameError)

  /// ``FrameLink/isWritable`` has become true again.
  func linkDidBecomeWritable(_ link: FrameLink)

  /// Called once; nothing is called afterwards.
  func link(_ link: FrameLink, didClose reason: FrameLinkError)
}

extension FrameLinkDelegate {
  package func link(_ link: FrameLink, didReject error: FrameError) { link.abort(.frame(error)) }
}

/// Why a link ended.
package enum FrameLinkError: Error, Equatable, Sendable {
  /// By either side, on purpose or because the connection was lost.
  case closed
  case frame(FrameError)
  case tls(TLSError)
  /// The TLS handshake or the socket failed.
  case transport(String)
  /// The peer does not read what it is sent: more than this many bytes wait for it.
  case slowReader(limit: Int)
  /// Nothing came, or what had to come did not, for too long.
  case timedOut
  /// The peer broke the rules of what is spoken in the frames, for this machine-readable reason.
  case violation(String)

  /// Machine readable, for logs and metrics.
  package var reason: String {
    switch self {
    case .closed: "closed"
    case .frame(let error): error.reason
    case .tls(let error): error.reason
    case .transport: "transport"
    case .slowReader: "slow_reader"
    case .timedOut: "timed_out"
    case .violation(let reason): reason
    }
  }
}

/// Bounds on what one link holds in memory.
package struct FrameLinkLimits: Sendable {
  /// Bytes of payload that a frame may have, in either direction.
  package var payloadByteCount: Int
  /// While more bytes than this wait to be sent, nothing is read from the peer: whoever asks and does not read the answers is
  /// slowed down instead of being buffered for.
  package var unsentHighWaterByteCount = 256 << 10
  /// With more bytes than this waiting to be sent the link is closed. Reached by answers to requests read earlier.
  package var unsentByteLimit = 32 << 20

  package init(payloadByteCount: Int) { self.payloadByteCount = payloadByteCount }
}

/// One end of a connection that carries frames: the last handler of its channel.
///
/// Confined to the channel's event loop. What is sent during one turn of the loop goes out in one write. The link owns its
/// delegate and lets go of it when it closes, so that the delegate may own the link.
package final class FrameLink: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundIn = Never
  package typealias OutboundOut = ByteBuffer

  /// A write this long goes out at once, so that sending overlaps with producing.
  private static let eagerFlushByteCount = 64 << 10
  /// An idle link keeps an outbox of at most this size.
  private static let keptOutboxByteCount = 16 << 10

  private let limits: FrameLinkLimits
  private var delegate: (any FrameLinkDelegate)?
  private var context: ChannelHandlerContext?
  private var decoder: FrameDecoder

  /// Bytes of a frame that is not complete, or that waits for the link to be writable.
  private var inbox = ByteBuffer()
  private var outbox = ByteBuffer()
  /// Handed to the channel, not yet to the kernel.
  private var writtenByteCount = 0

  private var isOpen = false
  private var isReading = false
  private var isDelivering = false
  private var isFlushScheduled = false
  private var isReadHeld = false
  private var isClosing = false
  private var failure: FrameLinkError?

  package init(limits: FrameLinkLimits, delegate: any FrameLinkDelegate) {
    self.limits = limits
    self.delegate = delegate
    decoder = FrameDecoder(payloadLimit: limits.payloadByteCount)
  }

  /// The limit on the payload of the frames that follow, in either direction.
  package var payloadLimit: Int {
    get { decoder.payloadLimit }
    set { decoder.payloadLimit = newValue }
  }

  /// The limit on what this end sends, where it is not ``payloadLimit``.
  package var sendLimit: Int?

  /// `nil` once the link is closed.
  package var channel: (any Channel)? { context?.channel }

  /// Bytes that wait to be sent.
  package var unsentByteCount: Int { outbox.readableBytes + writtenByteCount }

  /// Whether the peer keeps up with what it is sent. Sending is possible either way.
  package var isWritable: Bool { unsentByteCount < limits.unsentHighWaterByteCount }

  /// Bytes that the kernel has taken since the link was opened.
  package private(set) var sentByteCount: UInt64 = 0

  /// A closed link drops what it is given.
  ///
  /// - Returns: `false`, and nothing is sent, when the payload is beyond ``sendLimit``, or else ``payloadLimit``.
  @discardableResult
  package func send(_ frame: Frame) -> Bool {
    send(requestID: frame.requestID, code: frame.code, flags: frame.flags) { $0.writeImmutableBuffer(frame.payload) }
  }

  /// As ``send(_:)``, with a payload that `body` writes in place.
  @discardableResult
  package func send(requestID: UInt32, code: UInt16, flags: FrameFlags, body: (inout ByteBuffer) -> Void) -> Bool {
    guard canSend else { return true }
    let start = outbox.writerIndex
    outbox.writeFrame(requestID: requestID, code: code, flags: flags, body: body)
    guard outbox.writerIndex - start <= Frame.lengthByteCount + Frame.fieldsByteCount + (sendLimit ?? payloadLimit) else {
      outbox.moveWriterIndex(to: start)
      return false
    }
    didWrite()
    return true
  }

  /// Reads nothing more and closes once everything sent so far has left. A peer that does not read keeps it open: pair it with
  /// a timer that calls ``abort(_:)``.
  package func close(_ reason: FrameLinkError = .closed) {
    failure = failure ?? reason
    isClosing = true
    flush()
    closeIfSent()
  }

  /// Closes at once.
  package func abort(_ reason: FrameLinkError = .closed) {
    failure = failure ?? reason
    isClosing = true
    context?.close(promise: nil)
  }

  private var canSend: Bool { context != nil && !isClosing }

  private func didWrite() {
    guard unsentByteCount <= limits.unsentByteLimit else { return abort(.slowReader(limit: limits.unsentByteLimit)) }
    if outbox.readableBytes >= Self.eagerFlushByteCount {
      flush()
    } else if !isReading && !isFlushScheduled {
      isFlushScheduled = true
      context?.eventLoop.assumeIsolated().execute {
        self.isFlushScheduled = false
        self.flush()
      }
    }
  }

  private func flush() {
    let byteCount = outbox.readableBytes
    guard byteCount > 0, let context else { return }
    writtenByteCount += byteCount
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { _ in self.didSend(byteCount) }
    context.writeAndFlush(wrapOutboundOut(outbox), promise: promise)
    // The storage is used again when the kernel has taken everything already.
    if outbox.storageCapacity > Self.keptOutboxByteCount { outbox = ByteBuffer() } else { outbox.clear() }
  }

  private func didSend(_ byteCount: Int) {
    let wasWritable = isWritable
    writtenByteCount -= byteCount
    sentByteCount &+= UInt64(byteCount)
    if isClosing { return closeIfSent() }
    guard isWritable else { return }
    if !wasWritable { delegate?.linkDidBecomeWritable(self) }
    deliver()
    if isReadHeld && isWritable {
      isReadHeld = false
      context?.read()
    }
  }

  private func closeIfSent() {
    if unsentByteCount == 0 { context?.close(promise: nil) }
  }

  /// Hands over the frames that are complete, until the answers to them pile up.
  private func deliver() {
    guard !isDelivering else { return }
    isDelivering = true
    defer { isDelivering = false }
    do throws(FrameError) {
      while !isClosing, isWritable, let frame = try decoder.decode(buffer: &inbox) {
        delegate?.link(self, didReceive: frame)
      }
    } catch {
      delegate?.link(self, didReject: error)
      if !isClosing { abort(.frame(error)) }
    }
  }

  private func opened() {
    guard !isOpen else { return }
    isOpen = true
    delegate?.linkDidOpen(self)
  }

  private func closed() {
    let owner = delegate
    delegate = nil
    context = nil
    isClosing = true
    inbox = ByteBuffer()
    outbox = ByteBuffer()
    owner?.link(self, didClose: failure ?? .closed)
  }
}

extension FrameLink {
  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { opened() }
  }

  package func handlerRemoved(context: ChannelHandlerContext) { closed() }

  package func channelActive(context: ChannelHandlerContext) { opened() }

  package func channelInactive(context: ChannelHandlerContext) { closed() }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    isReading = true
    var bytes = unwrapInboundIn(data)
    if inbox.readableBytes == 0 {
      inbox = bytes
    } else {
      inbox.discardReadBytes()
      inbox.writeBuffer(&bytes)
    }
    deliver()
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    // An idle link does not hold on to the buffer that it read last.
    if inbox.readableBytes == 0 { inbox = ByteBuffer() }
    flush()
  }

  package func read(context: ChannelHandlerContext) {
    if isWritable { context.read() } else { isReadHeld = true }
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let error as TLSError: abort(.tls(error))
    case NIOSSLError.uncleanShutdown: abort(.closed)
    default: abort(.transport("\(error)"))
    }
  }
}
