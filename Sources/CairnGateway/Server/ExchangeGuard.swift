import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends a connection whose current exchange takes too long, and one whose answer says that it is the last.
///
/// One clock runs from the end of an answer to the end of the next one. So it bounds idleness, slow requests and slow readers alike.
final class ExchangeGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let timeout: TimeAmount
  private var clock: Scheduled<Void>?
  private var isLast = false

  init(timeout: TimeAmount) { self.timeout = timeout }

  func handlerAdded(context: ChannelHandlerContext) { restart(context.channel) }

  func handlerRemoved(context: ChannelHandlerContext) { clock?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    clock?.cancel()
    context.fireChannelInactive()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      isLast = head.headerFields[.connection] == "close"
      context.write(data, promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      let promise = promise ?? context.eventLoop.makePromise()
      let (isLast, channel) = (isLast, context.channel)
      promise.futureResult.assumeIsolated().whenSuccess {
        if isLast { channel.close(promise: nil) } else { self.restart(channel) }
      }
      context.write(data, promise: promise)
    }
  }

  private func restart(_ channel: any Channel) {
    clock?.cancel()
    clock = channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
  }
}
