public import GRPCCore

/// The methods of a node, by the number that each has in a frame of Cairn RPC. Numbers are never used again.
public enum CairnMethod: UInt16, CaseIterable, Sendable {
  case resolve = 1
  case resolveMany = 2
  case history = 3
  case status = 4
  case statusList = 5
  case publishStatusList = 6
  case events = 7
  case contract = 8
  case authorize = 9
  case proposal = 10
  case proposals = 11
  case submit = 16
  case transaction = 17
  case entry = 18
  case header = 19
  case checkpoint = 20
  case inclusionProof = 21
  case consistencyProof = 22
  case info = 23
  case epochs = 24
  /// Of the `Admin` service: only on the operator's own listener.
  case nodeStatus = 32

  /// Of Cairn RPC and of the messages: what both hellos say.
  public static let protocolVersion: UInt32 = 1

  /// Whether requests may be as long as a batch, 1 MiB.
  public var isBatch: Bool { self == .submit || self == .publishStatusList }

  /// Bytes of any answer.
  public static let answerByteLimit = 1 << 20
  /// Bytes of a message of ``events``: a block is never split, and the largest has 1 MiB of transactions, up to 10,000 with 8 bytes around
  /// each, beside its header, its certificate and two paths of the log.
  public static let eventBatchByteLimit = answerByteLimit + (128 << 10)

  /// Whether the method is for the node's operator alone.
  public var isAdministrative: Bool { self == .nodeStatus }

  /// The same method in gRPC.
  public var descriptor: MethodDescriptor {
    switch self {
    case .resolve: ProtoResolver.Method.Resolve.descriptor
    case .resolveMany: ProtoResolver.Method.ResolveMany.descriptor
    case .history: ProtoResolver.Method.History.descriptor
    case .status: ProtoResolver.Method.Status.descriptor
    case .statusList: ProtoResolver.Method.StatusList.descriptor
    case .publishStatusList: ProtoResolver.Method.PublishStatusList.descriptor
    case .events: ProtoResolver.Method.Events.descriptor
    case .contract: ProtoResolver.Method.Contract.descriptor
    case .authorize: ProtoResolver.Method.Authorize.descriptor
    case .proposal: ProtoResolver.Method.Proposal.descriptor
    case .proposals: ProtoResolver.Method.Proposals.descriptor
    case .submit: ProtoLedger.Method.Submit.descriptor
    case .transaction: ProtoLedger.Method.Transaction.descriptor
    case .entry: ProtoLedger.Method.Entry.descriptor
    case .header: ProtoLedger.Method.Header.descriptor
    case .checkpoint: ProtoLedger.Method.Checkpoint.descriptor
    case .inclusionProof: ProtoLedger.Method.InclusionProof.descriptor
    case .consistencyProof: ProtoLedger.Method.ConsistencyProof.descriptor
    case .info: ProtoLedger.Method.Info.descriptor
    case .epochs: ProtoLedger.Method.Epochs.descriptor
    case .nodeStatus: ProtoAdmin.Method.Status.descriptor
    }
  }
}
