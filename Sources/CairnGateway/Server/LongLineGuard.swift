import NIOCore

/// Ends a connection that sends a line without an end, before the parser collects it: the HTTP library bounds header fields, but not
/// the request line. Bodies are not accepted, so that whatever comes has lines.
final class LongLineGuard: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let limit: Int
  /// Bytes since the last line feed.
  private var lineByteCount = 0

  init(limit: Int) { self.limit = limit }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    for byte in unwrapInboundIn(data).readableBytesView {
      lineByteCount = byte == UInt8(ascii: "\n") ? 0 : lineByteCount + 1
      guard lineByteCount <= limit else { return context.close(promise: nil) }
    }
    context.fireChannelRead(data)
  }
}
