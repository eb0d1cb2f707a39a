import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNode
import CairnProtocol
import Foundation
import NIOCore
import NIOPosix
import SwiftProtobuf

extension FuzzTarget {
  /// The first byte is the method, the rest the request, as it comes over either face.
  static let request = FuzzTarget(
    "request", "requests of every method of the services, from their bytes to their answer", byteLimit: 60 << 10,
    words: ["did:cairn:", "/status/", "/sessions/", "tools", "did_create", "status_list_update"], seeds: { try RequestSeeds().all }
  ) { input in
    guard let number = input.first, let method = CairnMethod(rawValue: UInt16(number)) else { return false }
    let request = ByteBuffer(bytes: input.dropFirst())
    if method == .resolveMany {
      try require(NodeServices.shared.methods.resolveOne(request).readableBytes > 0, "an answer without a content")
      return true
    }
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    switch NodeServices.shared.methods.answer(method, request, from: .grpc("fuzz"), on: loop) {
    case .now(.success(let answer)):
      try require(answer.readableBytes <= CairnMethod.answerByteLimit, "an answer longer than any may be")
      return true
    case .now(.failure(let failure)): return try isAnswer(failure)
    case .later(let answer):
      do {
        try require(try answer.wait().readableBytes <= CairnMethod.answerByteLimit, "an answer longer than any may be")
        return true
      } catch let failure as ServiceFailure { return try isAnswer(failure) }
    }
  }

  /// A refusal has a reason; that the node cannot read its own data is none, because it can.
  private static func isAnswer(_ failure: ServiceFailure) throws(FuzzFinding) -> Bool {
    try require(!failure.reason.isEmpty && !failure.message.isEmpty, "a refusal without a reason")
    try require(failure.reason != "storage_failed" && failure.reason != "internal", "\(failure.reason): \(failure.message)")
    return false
  }
}

/// The services of a node that has the world.
struct NodeServices: Sendable {
  static let shared = NodeServices()

  let backend: FuzzBackend
  let queries: QueryService
  let methods: ServiceMethods

  private init() {
    backend = FuzzBackend(.shared)
    queries = QueryService(backend, build: "fuzz")
    methods = ServiceMethods(queries)
  }
}

/// A request of each method that is answered, and some that are refused late.
private struct RequestSeeds {
  private let world = FuzzWorld.shared

  var all: [[UInt8]] {
    get throws { try [resolution, lists, governance, access, log, writing].flatMap(\.self) }
  }

  private func seed(_ method: CairnMethod, _ message: some SwiftProtobuf.Message) -> [UInt8] {
    [UInt8(method.rawValue)] + Canonical.encode(message)
  }

  private var known: ProtoKnown { .with { $0.logSize = world.headers[2].logSize + 1 } }

  private var resolution: [[UInt8]] {
    let (agent, known) = (world.agent.description, known)
    let full = ProtoResolveRequest.with {
      ($0.did, $0.known, $0.withRoles, $0.withIsolation) = (agent, known, true, true)
    }
    var versions: [ProtoResolveRequest] = [full, full, full]
    versions[1].versionID = 0
    versions[2].versionTimeMs = world.head.timeMilliseconds
    return versions.flatMap { [seed(.resolve, $0), seed(.resolveMany, $0)] } + [
      seed(.history, ProtoHistoryRequest.with { ($0.did, $0.known, $0.limit, $0.beforeIndex) = (agent, known, 4, 9) })
    ]
  }

  private var lists: [[UInt8]] {
    let (list, known) = (world.list.description, known)
    var status = ProtoStatusRequest.with { ($0.list, $0.index, $0.known) = (list, 2_048, known) }
    var page = ProtoStatusListRequest.with { ($0.list, $0.form, $0.known, $0.maxChunks) = (list, .credential, known, 2) }
    let now = [seed(.status, status), seed(.statusList, page)]
    status.atHeight = world.head.height - 1
    (page.atMs, page.form) = (world.head.timeMilliseconds, .token)
    let publish = ProtoPublishStatusListRequest.with {
      ($0.list, $0.form, $0.document) = (list, .credential, Data("{}".utf8))
    }
    return now + [seed(.status, status), seed(.statusList, page), seed(.publishStatusList, publish)]
  }

  private var governance: [[UInt8]] {
    get throws {
      let proposals = try world.rows.filter { try StateValue(decoding: $0.value).type == .proposal }
      var contract = ProtoContractRequest.with { ($0.contract, $0.known) = (FuzzWorld.contractID.name, known) }
      let newest = seed(.contract, contract)
      contract.version = 1
      return [newest, seed(.contract, contract), seed(.proposals, ProtoProposalsRequest.with { $0.known = known })]
        + proposals.map { row in
          seed(.proposal, ProtoProposalRequest.with { ($0.proposal, $0.known) = (Data(row.key.bytes), known) })
        }
    }
  }

  private var access: [[UInt8]] {
    let request = world.accessRequest
    let signature = request.signature(by: FuzzWorld.key(10))
    let asked = ProtoAuthorizeRequest.with {
      ($0.request, $0.known) = (Data(request.bytes), known)
      $0.signature = signature.message
    }
    return [seed(.authorize, asked), seed(.authorize, ProtoAuthorizeRequest.with { $0.recorded = Data(request.id.bytes) })]
  }

  private var log: [[UInt8]] {
    let known = known
    let id = world.transactions.compactMap { Transaction.id(ofFinalized: $0) }.first?.bytes ?? []
    return [
      seed(.transaction, ProtoTransactionRequest.with { ($0.transactionID, $0.known) = (Data(id), known) }),
      seed(.entry, ProtoEntryRequest.with { ($0.index, $0.known) = (3, known) }),
      seed(.header, ProtoHeaderRequest.with { ($0.height, $0.known) = (2, known) }),
      seed(.header, ProtoHeaderRequest.with { ($0.digest, $0.known) = (Data(world.headers[1].digest.bytes), known) }),
      seed(.checkpoint, ProtoCheckpointRequest.with { $0.known = known }),
      seed(.inclusionProof, ProtoInclusionProofRequest.with { ($0.index, $0.known) = (4, known) }),
      seed(.consistencyProof, ProtoConsistencyProofRequest.with { ($0.oldSize, $0.newSize) = (3, 9) }),
      seed(.info, ProtoInfoRequest()), seed(.epochs, ProtoEpochsRequest()), seed(.nodeStatus, ProtoNodeStatusRequest()),
    ]
  }

  private var writing: [[UInt8]] {
    let submit = ProtoSubmitRequest.with {
      ($0.transactions, $0.wait, $0.known) = ([Data(world.transactions[0])], .noWait, known)
    }
    return [seed(.submit, submit)]
  }
}
