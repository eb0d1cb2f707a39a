import CairnMessages
import CairnNetwork
import NIOCore

/// One `Events` over Cairn RPC: a batch is read when it can be sent without waiting, so that what is held for a slow client is one batch.
final class EventsCall {
  private let call: RPCServerCall
  private let cursor: EventCursor
  private var isReading = false

  private init(_ call: RPCServerCall, _ cursor: EventCursor) {
    (self.call, self.cursor) = (call, cursor)
  }

  /// On the call's event loop.
  static func start(_ call: RPCServerCall, _ request: ByteBuffer, _ methods: ServiceMethods) {
    do throws(ServiceFailure) {
      let cursor = try methods.events(request, on: .rpc(call.connection))
      let state = NIOLoopBound(EventsCall(call, cursor), eventLoop: call.eventLoop)
      call.onCancel { cursor.end() }
      call.onReady { _ in state.value.read() }
    } catch {
      call.fail(RPCRefusal(error))
    }
  }

  private func read() {
    guard !isReading else { return }
    isReading = true
    let state = NIOLoopBound(self, eventLoop: call.eventLoop)
    cursor.next(on: call.eventLoop).whenComplete { state.value.finish($0) }
  }

  /// Sending asks for the next batch, once there is room again.
  private func finish(_ result: Result<ByteBuffer, any Error>) {
    isReading = false
    switch result {
    case .success(let batch): call.send(batch)
    case .failure(let error):
      cursor.end()
      call.fail(RPCRefusal(error as? ServiceFailure ?? .storageFailed))
    }
  }
}
