import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import NIOCore
import SwiftProtobuf
import Synchronization

/// The chain that several fake nodes serve.
final class SharedChain: Sendable {
  private let state: Mutex<TestChain>

  init(_ chain: TestChain) { state = Mutex(chain) }

  var chain: TestChain { state.withLock { $0 } }

  func change<Result>(_ body: (inout TestChain) throws -> sending Result) rethrows -> sending Result {
    try state.withLock { chain throws in try body(&chain) }
  }
}

/// How a fake node deals with one call instead of answering it honestly.
enum Behaviour: Sendable {
  case honest
  /// Changes the honest answer of a read.
  case lie(@Sendable (inout ProtoProven) throws -> Void)
  /// Changes the honest batches of a stream, counted from 0.
  case lieAboutEvents(@Sendable (inout ProtoEventBatch, Int) throws -> Void)
  /// Ends a stream of events after so many batches.
  case breakEvents(after: Int)
  /// Other bytes altogether.
  case bytes([UInt8])
  /// Changes the honest answer of a submission, which takes effect.
  case lieAboutSubmission(@Sendable (inout ProtoSubmitResponse) throws -> Void)
  case refuse(RPCStatus, reason: String, metadata: [String: String] = [:])
  case never
  /// The connection ends in the middle of the call; a submission has taken effect.
  case breakConnection
}

/// A scripted server of Cairn RPC on loopback.
final class FakeNode: RPCServerHandler {
  let shared: SharedChain
  /// What hellos say.
  private let network: Digest
  private let script = Mutex<@Sendable (CairnMethod, Int) -> Behaviour>({ _, _ in .honest })
  private let counts = Mutex<[CairnMethod: Int]>([:])
  /// The height that the node is stuck at; `nil` for the newest.
  private let height = Mutex<Int?>(nil)
  private let eventCalls = Mutex<[EventsCall]>([])

  private let published = Mutex<[ProtoPublishStatusListRequest]>([])

  /// The signed status lists that the node was given, in order.
  var publishedLists: [ProtoPublishStatusListRequest] { published.withLock { $0 } }

  init(_ shared: SharedChain, network: Digest? = nil) {
    self.shared = shared
    self.network = network ?? shared.chain.network
  }

  /// - Parameter script: the behaviour for a method's calls, counted from 0.
  func behave(_ script: @escaping @Sendable (CairnMethod, Int) -> Behaviour) { self.script.withLock { $0 = script } }

  func behave(_ behaviour: Behaviour, on method: CairnMethod = .resolve) { behave { $0 == method ? behaviour : .honest } }

  func behave(_ script: @escaping @Sendable (CairnMethod) -> Behaviour) { behave { method, _ in script(method) } }

  func stay(at height: Int?) { self.height.withLock { $0 = height } }

  /// Calls that came so far.
  func count(_ method: CairnMethod) -> Int { counts.withLock { $0[method] ?? 0 } }

  func greet(_ hello: ByteBuffer, from client: SocketAddress?) throws(RPCRefusal) -> ByteBuffer {
    var hello = ProtoServerHello()
    hello.version = 1
    hello.network = Data(network.bytes)
    hello.maxInFlight = 1024
    hello.streamCredits = 32
    return ByteBuffer(bytes: Canonical.encode(hello))
  }

  func handle(_ call: RPCServerCall, _ payload: ByteBuffer) {
    guard let method = CairnMethod(rawValue: call.method) else { return call.fail(RPCRefusal(.unimplemented)) }
    let count = counts.withLock { counts in
      defer { counts[method, default: 0] += 1 }
      return counts[method] ?? 0
    }
    let behaviour = script.withLock { $0 }(method, count)
    do {
      try answer(call, method, [UInt8](payload.readableBytesView), behaviour)
    } catch {
      call.fail(Self.refusal(.internal, "fake_node", ["error": "\(error)"]))
    }
  }

  func refusal(because reason: RPCRefusalReason) -> RPCRefusal { Self.refusal(reason.status, reason.reason, [:]) }

  private static func refusal(_ status: RPCStatus, _ reason: String, _ metadata: [String: String]) -> RPCRefusal {
    RPCRefusal(status, ByteBuffer(bytes: Canonical.encode(failure(status, reason, metadata))))
  }

  static func failure(_ status: RPCStatus, _ reason: String, _ metadata: [String: String]) -> ProtoFailure {
    var failure = ProtoFailure()
    failure.code = UInt32(status.rawValue)
    failure.reason = reason
    failure.message = "The node says \(reason)."
    failure.metadata = metadata
    failure.domain = "cairn"
    return failure
  }

  private func answer(_ call: RPCServerCall, _ method: CairnMethod, _ request: [UInt8], _ behaviour: Behaviour) throws {
    switch behaviour {
    case .bytes(let bytes): return call.reply(bytes)
    case .refuse(let status, let reason, let metadata): return call.fail(Self.refusal(status, reason, metadata))
    case .never: return
    case .breakConnection:
      if method == .submit { _ = try submit(request) }
      // A stream in answer to a call that has one answer breaks the rules, at which the client hangs up.
      return call.send(ByteBuffer(string: "not the last"))
    case .honest, .lie, .lieAboutSubmission, .lieAboutEvents, .breakEvents: break
    }
    switch method {
    case .submit:
      var response = try submit(request)
      if case .lieAboutSubmission(let change) = behaviour { try change(&response) }
      call.reply(try response.serializedBytes() as [UInt8])
    case .consistencyProof:
      let request = try ProtoConsistencyProofRequest(serializedBytes: request)
      let proof = try LogProver(edge: shared.chain.newest.edge, source: NoTiles())
        .consistencyProof(from: request.oldSize, to: request.newSize)
      call.reply(try proof.message.serializedBytes() as [UInt8])
    case .events: try stream(call, ProtoEventsRequest(serializedBytes: request), behaviour)
    case .publishStatusList:
      let request = try ProtoPublishStatusListRequest(serializedBytes: request)
      published.withLock { $0.append(request) }
      call.reply([])
    case .info:
      var info = ProtoInfo()
      info.name = shared.chain.genesis.name
      call.reply(try info.serializedBytes() as [UInt8])
    default:
      guard var proven = try read(method, request) else { return call.fail(Self.refusal(.notFound, "unknown", [:])) }
      if case .lie(let change) = behaviour { try change(&proven) }
      call.reply(try proven.serializedBytes() as [UInt8])
    }
  }

  /// Two blocks a batch, as far as the chain goes; the rest when ``sendEvents()`` is called.
  private func stream(_ call: RPCServerCall, _ request: ProtoEventsRequest, _ behaviour: Behaviour) throws {
    let stream = EventsCall(call: call, behaviour: behaviour, filter: request.filter, height: Int(request.afterHeight))
    eventCalls.withLock { $0.append(stream) }
    try sendEvents()
  }

  /// Sends what the chain has to the streams that have not ended.
  func sendEvents() throws {
    let (chain, stuck) = (shared.chain, height.withLock { $0 })
    try eventCalls.withLock { calls in
      for position in calls.indices { try calls[position].send(chain, to: stuck) }
    }
  }

  private func read(_ method: CairnMethod, _ request: [UInt8]) throws -> ProtoProven? {
    let chain = shared.chain
    switch method {
    case .resolve:
      let request = try ProtoResolveRequest(serializedBytes: request)
      if request.version != nil || request.withRoles || request.withIsolation {
        return try chain.version(request, at: height.withLock { $0 })
      }
      return try chain.resolution(CairnDID(parsing: request.did), request.known, at: height.withLock { $0 })
    case .status: return try chain.status(ProtoStatusRequest(serializedBytes: request), at: height.withLock { $0 })
    case .statusList: return try chain.statusList(ProtoStatusListRequest(serializedBytes: request), at: height.withLock { $0 })
    case .authorize: return try chain.authorization(ProtoAuthorizeRequest(serializedBytes: request), at: height.withLock { $0 })
    case .contract: return try chain.contract(ProtoContractRequest(serializedBytes: request), at: height.withLock { $0 })
    case .proposal: return try chain.proposal(ProtoProposalRequest(serializedBytes: request), at: height.withLock { $0 })
    case .proposals: return try chain.proposals(ProtoProposalsRequest(serializedBytes: request), at: height.withLock { $0 })
    case .history: return try history(ProtoHistoryRequest(serializedBytes: request), chain)
    case .transaction:
      let request = try ProtoTransactionRequest(serializedBytes: request)
      guard let id = Digest(request.transactionID), let index = chain.index(of: id) else { return nil }
      return try entry(index, request.known, chain)
    case .entry:
      let request = try ProtoEntryRequest(serializedBytes: request)
      return try entry(request.index, request.known, chain)
    case .inclusionProof:
      let request = try ProtoInclusionProofRequest(serializedBytes: request)
      var proven = try entry(request.index, request.known, chain)
      proven.log[0].entry = Data()
      return proven
    case .header: return try header(ProtoHeaderRequest(serializedBytes: request), chain)
    case .checkpoint: return try chain.proven(ProtoCheckpointRequest(serializedBytes: request).known, at: height.withLock { $0 })
    default: return nil
    }
  }

  private func entry(_ index: UInt64, _ known: ProtoKnown, _ chain: TestChain) throws -> ProtoProven {
    var proven = try chain.proven(known)
    proven.log = [try chain.logProof(index)]
    return proven
  }

  private func header(_ request: ProtoHeaderRequest, _ chain: TestChain) throws -> ProtoProven? {
    let found = chain.blocks.map(\.header).first { header in
      switch request.which {
      case .height(let height): header.height == height
      case .digest(let digest): header.digest.bytes == [UInt8](digest)
      case nil: false
      }
    }
    guard let found else { return nil }
    return found == chain.newest.header ? try chain.proven(request.known) : try entry(found.logSize, request.known, chain)
  }

  /// Two versions a page.
  private func history(_ request: ProtoHistoryRequest, _ chain: TestChain) throws -> ProtoProven {
    var proven = try chain.proven(request.known)
    let changes = chain.changes(of: try CairnDID(parsing: request.did), before: request.beforeIndex)
    proven.log = try changes.prefix(2).map { try chain.logProof($0) }
    var page = ProtoHistoryPage()
    page.nextBeforeIndex = changes.count > 2 ? changes[1] : 0
    proven.payload = try page.serializedData()
    return proven
  }

  /// A block for each submission; what the chain has already is answered with its receipt.
  private func submit(_ request: [UInt8]) throws -> ProtoSubmitResponse {
    let request = try ProtoSubmitRequest(serializedBytes: request)
    return try shared.change { chain in
      var response = ProtoSubmitResponse()
      for bytes in request.transactions {
        let transaction = try Transaction(decoding: [UInt8](bytes), network: chain.network)
        response.results.append(try Self.submit(transaction, noWait: request.wait == .noWait, request.known, &chain))
      }
      return response
    }
  }

  private static func submit(_ transaction: Transaction, noWait: Bool, _ known: ProtoKnown, _ chain: inout TestChain) throws
    -> ProtoSubmitResult
  {
    var result = ProtoSubmitResult()
    result.transactionID = Data(transaction.id.bytes)
    do {
      if chain.index(of: transaction.id) == nil { try chain.append([transaction]) }
      if noWait {
        result.accepted = ProtoAccepted()
      } else if let receipt = try chain.receipt(of: transaction.id, known) {
        result.receipt = receipt
      }
    } catch let error as TransactionError {
      var failure = failure(.aborted, error.reason, [:])
      if error.reason == "stale", let did = transaction.operations.first?.did {
        failure.current = try chain.resolution(did, known)
      }
      result.failure = failure
    }
    return result
  }
}

/// A fake node with its listener.
struct RunningNode: Sendable {
  let node: FakeNode
  let server: RPCServer

  /// - Parameter key: for TLS; `nil` for plain TCP.
  static func start(_ node: FakeNode, key: SigningKey? = nil) async throws -> RunningNode {
    let tls = try key.map { try TLSServer.clients(NodeIdentity($0), speaking: .rpc) }
    var limits = RPCLimits()
    limits.batchMethods = [CairnMethod.submit.rawValue]
    return RunningNode(
      node: node, server: try await RPCServer.start(host: "127.0.0.1", port: 0, tls: tls, limits: limits, handler: node))
  }

  var address: String { "127.0.0.1:\(server.port)" }
  var endpoint: Endpoint { Endpoint(plaintext: address) }
}

/// A stream of events of a fake node.
private struct EventsCall {
  let call: RPCServerCall
  let behaviour: Behaviour
  let filter: ProtoEventFilter
  var height: Int
  var count = 0
  var isOver = false

  mutating func send(_ chain: TestChain, to stuck: Int?) throws {
    let newest = stuck ?? chain.blocks.count - 1
    while !isOver, height < newest {
      if case .breakEvents(let limit) = behaviour, count == limit {
        isOver = true
        return call.fail(RPCRefusal(.unavailable))
      }
      let heights = height + 1...min(height + 2, newest)
      var batch = try chain.events(heights, filter, isFirst: count == 0)
      if case .lieAboutEvents(let change) = behaviour { try change(&batch, count) }
      call.send(ByteBuffer(bytes: Canonical.encode(batch)))
      (height, count) = (heights.upperBound, count + 1)
    }
  }
}
