import CairnNetwork
import DequeModule
import NIOCore

/// One `ResolveMany` over Cairn RPC: each request is answered when its answer can be sent without waiting, in order. What is held
/// is bounded by the client's credits, which are renewed one for one with the answers.
final class ResolveManyCall {
  private let call: RPCServerCall
  private let methods: ServiceMethods
  private var requests: Deque<ByteBuffer> = []
  private var hasEnded = false
  /// Messages that can be sent now; renewed by the call after each one.
  private var room = 0
  /// Whether the first message, for which there is no credit to renew, is still to be answered.
  private var isFirst = true

  private init(_ call: RPCServerCall, _ first: ByteBuffer, _ methods: ServiceMethods) {
    self.call = call
    self.methods = methods
    hold(first)
  }

  /// On the call's event loop.
  static func start(_ call: RPCServerCall, _ first: ByteBuffer, _ methods: ServiceMethods) {
    let state = NIOLoopBound(ResolveManyCall(call, first, methods), eventLoop: call.eventLoop)
    // In this order: the first thing that a call does decides whether a stream of one message is told to have ended.
    call.onInput { state.value.receive($0) }
    call.onReady { room in
      state.value.room = room
      // Not from in here, where the call does not renew the room.
      call.eventLoop.execute { state.value.answer() }
    }
  }

  /// What has to wait gets storage of its own, and no more than it takes to see that it is too long: a short request must not keep
  /// the buffer alive in which it was read.
  private func hold(_ request: ByteBuffer) {
    let mustWait = room == 0 || !requests.isEmpty
    requests.append(mustWait ? ByteBuffer(bytes: request.readableBytesView.prefix(ServiceLimits.resolveManyByteCount + 1)) : request)
  }

  private func receive(_ input: RPCStreamInput) {
    switch input {
    case .message(let request): hold(request)
    case .end: hasEnded = true
    }
    answer()
  }

  private func answer() {
    while room > 0, let request = requests.popFirst() {
      room = 0
      call.send(methods.resolveOne(request))
      if isFirst { isFirst = false } else { call.consumed() }
    }
    if hasEnded && requests.isEmpty {
      hasEnded = false
      call.send(ByteBuffer(), last: true)
    }
  }
}
