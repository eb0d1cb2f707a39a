import CairnMessages
import CairnProtocol
import NIOCore

/// What a node says about itself. Nothing proves it: for people and monitoring, never for a decision.
public struct Unproven<Value: Sendable>: Sendable {
  public let value: Value
  public let endpoint: Endpoint
}

extension Query<ProtoInfo> {
  static var info: Query {
    Query(method: .info) { _ in
      ByteBuffer(encoding: ProtoInfoRequest())
    } accept: { answer, _, _ throws(EndpointProblem) in
      try decode(answer.bytes)
    }
  }
}

extension Query<ProtoNodeStatus> {
  static var status: Query {
    Query(method: .nodeStatus) { _ in
      ByteBuffer(encoding: ProtoNodeStatusRequest())
    } accept: { answer, _, _ throws(EndpointProblem) in
      try decode(answer.bytes)
    }
  }
}
