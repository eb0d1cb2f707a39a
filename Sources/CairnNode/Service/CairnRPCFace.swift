import CairnCrypto
import CairnLedger
import CairnMessages
package import CairnNetwork
import CairnProtocol
import Foundation
package import NIOCore
import SwiftProtobuf

/// The services over Cairn RPC. Reads are answered on the connection's event loop, before anything else is done.
package struct CairnRPCFace: RPCServerHandler {
  private let methods: ServiceMethods
  private let offered: Set<CairnMethod>
  private let network: Digest

  /// - Parameter isAdministrative: whether the methods for the operator are served too.
  package init(_ methods: ServiceMethods, isAdministrative: Bool = false) {
    self.methods = methods
    network = methods.queries.backend.genesis.network
    offered = Set(CairnMethod.allCases.filter { isAdministrative || !$0.isAdministrative })
  }

  package static var limits: RPCLimits {
    var limits = RPCLimits()
    limits.messageByteCount = ServiceLimits.messageByteCount
    limits.batchMessageByteCount = ServiceLimits.batchMessageByteCount
    limits.answerByteCount = CairnMethod.eventBatchByteLimit
    limits.requestsInFlight = ServiceLimits.requestsInFlight
    limits.batchMethods = Set(CairnMethod.allCases.filter(\.isBatch).map(\.rawValue))
    return limits
  }

  package func greet(_ hello: ByteBuffer, from client: SocketAddress?) throws(RPCRefusal) -> ByteBuffer {
    guard let hello = try? ProtoClientHello(serializedBytes: [UInt8](hello.readableBytesView)) else {
      throw RPCRefusal(.malformedRequest)
    }
    guard hello.version == CairnMethod.protocolVersion else {
      throw RPCRefusal(
        ServiceFailure(
          .failedPrecondition, "unknown_version",
          "This node speaks version \(CairnMethod.protocolVersion) and not \(hello.version): use a client of that version."))
    }
    guard Digest(hello.network) == network else {
      throw RPCRefusal(
        ServiceFailure(
          .failedPrecondition, "wrong_network", "This node belongs to the network \(network): check the endpoint and the trust anchor."))
    }
    var answer = ProtoServerHello()
    answer.version = CairnMethod.protocolVersion
    answer.network = Data(network.bytes)
    answer.maxInFlight = UInt32(clamping: Self.limits.requestsInFlight)
    answer.streamCredits = UInt32(clamping: Self.limits.streamCredits)
    return answer.encoded
  }

  package func handle(_ call: RPCServerCall, _ payload: ByteBuffer) {
    guard let method = CairnMethod(rawValue: call.method), offered.contains(method) else {
      return call.fail(RPCRefusal(.methodUnknown))
    }
    if method == .resolveMany { return ResolveManyCall.start(call, payload, methods) }
    if method == .events { return EventsCall.start(call, payload, methods) }
    switch methods.answer(method, payload, from: .rpc(call.connection), on: call.eventLoop) {
    case .now(.success(let answer)): call.reply(answer)
    case .now(.failure(let failure)): call.fail(RPCRefusal(failure))
    case .later(let answer):
      answer.whenComplete { result in
        switch result {
        case .success(let answer): call.reply(answer)
        case .failure(let error): call.fail(RPCRefusal(error as? ServiceFailure ?? .storageFailed))
        }
      }
    }
  }

  package func refusal(because reason: RPCRefusalReason) -> RPCRefusal {
    var failure = ServiceFailure(reason.status, reason.reason, reason.sentence)
    if reason.status == .resourceExhausted || reason.status == .unavailable {
      failure.metadata[FailureKey.retryAfter] = "\(reason.retryAfterMilliseconds)"
    }
    return RPCRefusal(failure)
  }
}

extension RPCRefusal {
  init(_ failure: ServiceFailure) { self.init(failure.status, failure.proto.encoded) }
}

extension RPCRefusalReason {
  fileprivate var sentence: String {
    switch self {
    case .tooManyConnections(let limit): "There are \(limit) connections from this address: use those, or close some."
    case .tooManyRequestsInFlight(let limit): "There are \(limit) requests of this connection in flight: wait for answers."
    case .tooManyBytesInFlight(let limit): "The requests of this connection in flight have \(limit) bytes: wait for answers."
    case .requestTooLarge(let limit): "The request is longer than \(limit) bytes: split it."
    case .answerTooLarge(let limit): "The answer would be longer than \(limit) bytes: ask for less at once."
    case .streamNotConsumed: "The answers of the stream are not taken: grant credits, and read."
    case .cancelled: "The client gave the request up."
    case .shuttingDown: "This node is shutting down: ask another node."
    case .violation(let violation): "The frame breaks the rules of Cairn RPC (\(violation.rawValue)): correct the client."
    case .malformedFrame: "What was received is not a frame of Cairn RPC: correct the client."
    }
  }

  /// What is full empties with the next answers; a connection or a node takes longer.
  fileprivate var retryAfterMilliseconds: UInt64 {
    switch self {
    case .tooManyRequestsInFlight, .tooManyBytesInFlight, .streamNotConsumed: 50
    default: 1000
    }
  }
}
