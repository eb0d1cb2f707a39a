import NIOCore
import NIOTLS

/// Closes a connection whose peer did not negotiate the protocol it is for: without this, a peer that offers none would pass.
final class ApplicationProtocolGuard: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let expected: ApplicationProtocol

  init(_ expected: ApplicationProtocol) { self.expected = expected }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent, negotiated != expected.rawValue {
      context.fireErrorCaught(TLSError.wrongProtocol(expected: expected.rawValue, negotiated: negotiated))
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }
}
