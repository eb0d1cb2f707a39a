import CairnMessages
import CairnNetwork
import CairnProtocol
package import GRPCCore
import GRPCProtobuf
import NIOCore
import SwiftProtobuf

/// The services over gRPC: the methods of Cairn RPC under their gRPC names. Messages pass through as bytes, so that both faces
/// give the same answers.
struct GRPCFace: RegistrableRPCService {
  /// Trailer with a `Failure`.
  static let failureKey = "cairn-failure-bin"

  let methods: ServiceMethods
  let offered: [CairnMethod]
  /// Where submissions are waited for.
  let group: any EventLoopGroup

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    for method in offered {
      let limit = method.isBatch ? ServiceLimits.batchMessageByteCount : ServiceLimits.messageByteCount
      router.registerHandler(
        forMethod: method.descriptor, deserializer: BytesDeserializer(limit: limit), serializer: BytesSerializer()
      ) { request, context in
        switch method {
        case .resolveMany: resolveMany(request)
        case .events: try await events(request, from: context.remotePeer)
        default: try await answer(method, request, from: context.remotePeer)
        }
      }
    }
  }

  private func answer(
    _ method: CairnMethod, _ request: StreamingServerRequest<ByteBuffer>, from peer: String
  ) async throws -> StreamingServerResponse<ByteBuffer> {
    let request = try await ServerRequest(stream: request)
    let answer: ByteBuffer
    do {
      switch methods.answer(method, request.message, from: .grpc(peer), on: group.any()) {
      case .now(let result): answer = try result.get()
      case .later(let future): answer = try await future.get()
      }
    } catch {
      throw error as? ServiceFailure ?? .storageFailed
    }
    return StreamingServerResponse(single: ServerResponse(message: answer))
  }

  private func resolveMany(_ request: StreamingServerRequest<ByteBuffer>) -> StreamingServerResponse<ByteBuffer> {
    StreamingServerResponse { writer in
      for try await message in request.messages { try await writer.write(methods.resolveOne(message)) }
      return [:]
    }
  }
}

extension GRPCFace {
  /// A batch is read when the one before it has left.
  private func events(
    _ request: StreamingServerRequest<ByteBuffer>, from peer: String
  ) async throws -> StreamingServerResponse<ByteBuffer> {
    let cursor = try methods.events(try await ServerRequest(stream: request).message, on: .grpc(peer))
    let loop = group.any()
    return StreamingServerResponse { writer in
      // Whoever cancels, the client or the server, cancels what is waited for.
      try await withTaskCancellationHandler {
        try await withRPCCancellationHandler {
          defer { cursor.end() }
          while true { try await writer.write(try await cursor.next(on: loop).get()) }
        } onCancelRPC: {
          cursor.end()
        }
      } onCancel: {
        cursor.end()
      }
    }
  }
}

extension ServiceFailure: RPCErrorConvertible {
  package var rpcErrorCode: GRPCCore.RPCError.Code {
    Status.Code(rawValue: Int(status.rawValue)).flatMap(GRPCCore.RPCError.Code.init) ?? .unknown
  }

  package var rpcErrorMessage: String { message }

  /// The failure itself, and the same as `google.rpc.Status` for clients that know only that.
  package var rpcErrorMetadata: Metadata {
    var details: [ErrorDetails] = [.errorInfo(reason: reason, domain: Self.domain, metadata: metadata)]
    if let milliseconds = metadata[FailureKey.retryAfter].flatMap(Int64.init) {
      details.append(.retryInfo(delay: .milliseconds(milliseconds)))
    }
    var metadata = GoogleRPCStatus(code: rpcErrorCode, message: message, details: details).rpcErrorMetadata
    metadata.addBinary([UInt8](proto.encoded.readableBytesView), forKey: GRPCFace.failureKey)
    return metadata
  }
}

private struct BytesDeserializer: MessageDeserializer {
  let limit: Int

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> ByteBuffer {
    guard bytes.count <= limit else {
      throw ServiceFailure(.resourceExhausted, "request_too_large", "The request is longer than \(limit) bytes: split it.")
    }
    return bytes.withUnsafeBytes { ByteBuffer(bytes: $0) }
  }
}

private struct BytesSerializer: MessageSerializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: ByteBuffer) -> Bytes { Bytes(message.readableBytesView) }
}
