public import NIOCore

/// A request, as the application sees it. May be kept and used from any thread; on the connection's event loop every method
/// takes effect before it returns.
///
/// A call ends with ``reply(_:)``, ``fail(_:)`` or ``send(_:last:)` with `last`; whatever is sent afterwards, or after the client
/// has cancelled or gone, is dropped.
public struct RPCServerCall: Sendable {
  public let method: UInt16
  /// The connection's.
  public let eventLoop: any EventLoop
  /// The same for all calls of one connection, as long as it is open.
  public let connection: ObjectIdentifier
  private let call: NIOLoopBound<ServerCall>

  init(_ call: ServerCall, on eventLoop: any EventLoop) {
    method = call.method
    self.eventLoop = eventLoop
    connection = call.connectionID
    self.call = NIOLoopBound(call, eventLoop: eventLoop)
  }

  /// The one answer of a call.
  public func reply(_ payload: ByteBuffer) {
    if eventLoop.inEventLoop {
      call.value.send(payload, last: true)
    } else {
      eventLoop.execute { [call] in call.value.send(payload, last: true) }
    }
  }

  /// As ``reply(_:)-(ByteBuffer)``.
  public func reply(_ payload: [UInt8]) {
    if eventLoop.inEventLoop {
      call.value.reply { $0.writeBytes(payload) }
    } else {
      eventLoop.execute { [call] in call.value.reply { $0.writeBytes(payload) } }
    }
  }

  /// Refuses.
  public func fail(_ refusal: RPCRefusal) {
    onLoop { $0.fail(refusal) }
  }

  /// One message of a stream of answers. Waits for the client's credit if need be; an application that does not heed
  /// ``onReady(_:)`` and lets too much wait has the call failed with ``RPCRefusalReason/streamNotConsumed``.
  ///
  /// - Parameter last: ends the stream with status OK. An empty payload is then no message: to end with an empty message, send
  ///   it and finish with an empty last one.
  public func send(_ payload: ByteBuffer, last: Bool = false) {
    onLoop { $0.send(payload, last: last) }
  }

  /// As ``send(_:last:)``, and returns when the message has left: the way to stream from a task.
  ///
  /// - Throws: ``RPCError/cancelled`` when the call ended before.
  public func write(_ payload: ByteBuffer) async throws(RPCError) {
    let promise = eventLoop.makePromise(of: Void.self)
    onLoop { $0.send(payload, last: false, sent: promise) }
    do { try await promise.futureResult.get() } catch { throw .cancelled }
  }

  /// Calls `body` on the event loop whenever messages can be sent without waiting, with their number: now if so, and each time
  /// the client grants more.
  public func onReady(_ body: @escaping @Sendable (Int) -> Void) {
    onLoop { $0.onReady(body) }
  }

  /// Calls `body` on the event loop for what the client streams after the first message. What came before this call is
  /// delivered now. Grant credits with ``consumed(_:)``, or the client stalls.
  public func onInput(_ body: @escaping @Sendable (RPCStreamInput) -> Void) {
    onLoop { $0.onInput(body) }
  }

  /// Lets the client send as many more messages as have been dealt with.
  public func consumed(_ count: Int = 1) {
    onLoop { $0.consumed(count) }
  }

  /// Calls `body` once on the event loop if the call ends without the application: the client cancels, goes, or does not take what it is
  /// streamed.
  public func onCancel(_ body: @escaping @Sendable () -> Void) {
    onLoop { $0.onCancel(body) }
  }

  private func onLoop(_ body: @escaping @Sendable (ServerCall) -> Void) {
    if eventLoop.inEventLoop { body(call.value) } else { eventLoop.execute { [call] in body(call.value) } }
  }
}

/// What a client streams.
public enum RPCStreamInput: Equatable, Sendable {
  case message(ByteBuffer)
  /// Nothing follows.
  case end
}
