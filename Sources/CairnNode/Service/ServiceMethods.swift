import CairnCrypto
import CairnMessages
import CairnNetwork
package import CairnProtocol
package import NIOCore
import NIOPosix
import SwiftProtobuf

/// Every method on encoded messages: what stands behind each face, so that both give the same bytes.
package struct ServiceMethods: Sendable {
  package let queries: QueryService
  private let submissions: SubmitService
  package let feed: EventFeed

  package init(_ queries: QueryService) {
    self.queries = queries
    submissions = SubmitService(queries)
    feed = EventFeed(queries.backend)
  }

  /// How a method is answered.
  package enum Answer: Sendable {
    case now(Result<ByteBuffer, ServiceFailure>)
    case later(EventLoopFuture<ByteBuffer>)
  }

  /// Answers any method that has one request and one answer.
  ///
  /// - Parameters:
  ///   - connection: the request's.
  ///   - loop: where an answer that takes time is completed. Its failures are ``ServiceFailure``s.
  package func answer(
    _ method: CairnMethod, _ request: ByteBuffer, from connection: ClientConnection, on loop: any EventLoop
  ) -> Answer {
    do throws(ServiceFailure) {
      switch method {
      case .submit:
        return .later(submissions.submit(try decode(request), from: connection, on: loop).map { $0.encoded })
      case .nodeStatus:
        let _: ProtoNodeStatusRequest = try decode(request)
        return .later(queries.backend.status(on: loop).map { $0.encoded })
      case .authorize:
        let message: ProtoAuthorizeRequest = try decode(request)
        // The signatures of several credentials and the most expensive policies take milliseconds.
        return .later(working(on: loop) { [queries] in try queries.authorize(message).encoded })
      case .publishStatusList:
        let message: ProtoPublishStatusListRequest = try decode(request)
        // A document of a megabyte takes about as long.
        return .later(working(on: loop) { [queries] in try queries.publish(message).encoded })
      default:
        return .now(.success(try read(method, request)))
      }
    } catch {
      return .now(.failure(error))
    }
  }

  /// Answers by a worker, for which no other request of the connection's loop has to wait.
  private func working(on loop: any EventLoop, _ body: @escaping @Sendable () throws -> ByteBuffer) -> EventLoopFuture<ByteBuffer> {
    NIOSingletons.posixBlockingThreadPool.runIfActive(eventLoop: loop, body)
  }

  private func read(_ method: CairnMethod, _ request: ByteBuffer) throws(ServiceFailure) -> ByteBuffer {
    switch method {
    case .resolve: return try queries.resolve(decode(request)).encoded
    case .history: return try queries.history(decode(request)).encoded
    case .status: return try queries.status(decode(request)).encoded
    case .statusList: return try queries.statusList(decode(request)).encoded
    case .proposal: return try queries.proposal(decode(request)).encoded
    case .proposals: return try queries.proposals(decode(request)).encoded
    case .contract: return try queries.contract(decode(request)).encoded
    case .transaction: return try queries.transaction(decode(request)).encoded
    case .entry: return try queries.entry(decode(request)).encoded
    case .header: return try queries.header(decode(request)).encoded
    case .checkpoint: return try queries.checkpoint(decode(request)).encoded
    case .inclusionProof: return try queries.inclusionProof(decode(request)).encoded
    case .consistencyProof: return try queries.consistencyProof(decode(request)).encoded
    case .info:
      let _: ProtoInfoRequest = try decode(request)
      return queries.info().encoded
    case .epochs: return try queries.epochs(decode(request)).encoded
    case .authorize, .resolveMany, .submit, .nodeStatus, .publishStatusList, .events:
      throw .methodUnknown
    }
  }

  /// A stream of events that the caller asks for one batch after the other.
  func events(_ request: ByteBuffer, on connection: ClientConnection) throws(ServiceFailure) -> EventCursor {
    try feed.subscribe(decode(request), on: connection)
  }

  /// One answer of `ResolveMany`.
  package func resolveOne(_ request: ByteBuffer) -> ByteBuffer {
    do throws(ServiceFailure) {
      let limit = ServiceLimits.resolveManyByteCount
      guard request.readableBytes <= limit else {
        throw ServiceFailure(.resourceExhausted, "request_too_large", "A request of this stream has at most \(limit) bytes: check the DID.")
      }
      let answer = try queries.resolve(decode(request))
      var buffer = ByteBuffer()
      let byteCount = answer.byteCount
      buffer.reserveCapacity(WireSize.message(byteCount: byteCount))
      buffer.writeFieldHeader(1, byteCount: byteCount)
      answer.write(to: &buffer)
      return buffer
    } catch {
      var answer = ProtoResolveAnswer()
      answer.failure = error.proto
      return answer.encoded
    }
  }

  private func decode<Request: Message>(_ request: ByteBuffer) throws(ServiceFailure) -> Request {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    options.messageDepthLimit = 8
    guard let message = try? Request(serializedBytes: [UInt8](request.readableBytesView), options: options) else {
      throw .malformedRequest
    }
    return message
  }
}

extension Message {
  /// Maps in a fixed order, so that equal messages are equal bytes.
  var encoded: ByteBuffer { ByteBuffer(bytes: Canonical.encode(self)) }
}
