public import GRPCCore

/// The methods of a node, by the number that each has in a frame of Cairn RPC. Numbers are never used again.
public enum CairnMethod: UInt16, CaseIterable, Sendable {
  case resolve = 1
  case resolveMany = 2
  case history = 3
  case submit = 16
  case transaction = 17
  case entry = 18
  case header = 19
  case checkpoint = 20
  case inclusionProof = 21
  case consistencyProof = 22
  case info = 23
  /// Of the `Admin` service: only on the operator's own listener.
  case status = 32

  /// Of Cairn RPC and of the messages: what both hellos say.
  public static let protocolVersion: UInt32 = 1

  /// Whether requests may be as long as a batch, 1 MiB.
  public var isBatch: Bool { self == .submit }

  /// Whether the method is for the node's operator alone.
  public var isAdministrative: Bool { self == .status }

  /// The same method in gRPC.
  public var descriptor: MethodDescriptor {
    switch self {
    case .resolve: ProtoResolver.Method.Resolve.descriptor
    case .resolveMany: ProtoResolver.Method.ResolveMany.descriptor
    case .history: ProtoResolver.Method.History.descriptor
    case .submit: ProtoLedger.Method.Submit.descriptor
    case .transaction: ProtoLedger.Method.Transaction.descriptor
    case .entry: ProtoLedger.Method.Entry.descriptor
    case .header: ProtoLedger.Method.Header.descriptor
    case .checkpoint: ProtoLedger.Method.Checkpoint.descriptor
    case .inclusionProof: ProtoLedger.Method.InclusionProof.descriptor
    case .consistencyProof: ProtoLedger.Method.ConsistencyProof.descriptor
    case .info: ProtoLedger.Method.Info.descriptor
    case .status: ProtoAdmin.Method.Status.descriptor
    }
  }
}
