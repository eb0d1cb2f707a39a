import CairnChain
import CairnCrypto
public import CairnIdentity
public import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
public import NIOCore

/// One connection to one endpoint, whose answers are verified on its event loop: the way to many thousands of calls a second.
///
/// What ``CairnClient`` adds, and this leaves to its user: other endpoints, retries and the cache. Any number of calls may be
/// in flight, up to the number that the node allows.
public final class VerifiedConnection: Sendable {
  public let endpoint: Endpoint
  let connection: RPCConnection
  let trust: Trust
  private let contracts = KnownContracts()

  init(_ endpoint: Endpoint, _ connection: RPCConnection, _ trust: Trust) {
    (self.endpoint, self.connection, self.trust) = (endpoint, connection, trust)
  }

  /// Where completions are called. A call made there costs no hand-over between threads.
  public var eventLoop: any EventLoop { connection.eventLoop }
  /// Succeeds when the connection has ended.
  public var closed: EventLoopFuture<Void> { connection.closed }

  /// - Parameter completion: called once, on the event loop, with a verified answer or the reason why there is none.
  public func resolve(
    _ did: CairnDID, deadline: NIODeadline = .distantFuture, completion: @escaping @Sendable (Result<Resolution, CairnError>) -> Void
  ) {
    ask(.resolve(did), deadline: deadline, completion: completion)
  }

  public func resolve(_ did: CairnDID, deadline: NIODeadline = .distantFuture) -> EventLoopFuture<Resolution> {
    let promise = eventLoop.makePromise(of: Resolution.self)
    resolve(did, deadline: deadline) { promise.completeWith($0.mapError { $0 as any Error }) }
    return promise.futureResult
  }

  /// One bit of a status list as it is now. Fails as ``CairnClient/status(of:in:at:)`` throws.
  public func status(
    of index: UInt32, in list: StatusListID, deadline: NIODeadline = .distantFuture
  ) -> EventLoopFuture<StatusResolution> {
    let promise = eventLoop.makePromise(of: StatusResolution.self)
    ask(.status(of: index, in: list, at: .now), deadline: deadline) { result in
      promise.completeWith(result.flatMap { $0.resolution(of: list) }.mapError { $0 as any Error })
    }
    return promise.futureResult
  }

  /// Whether an agent may do something. As ``CairnClient/authorize(_:signature:maximumAgeMilliseconds:)``, except that a state which is too old
  /// is a failure.
  public func authorize(
    _ request: AccessRequest, signature: KeySignature? = nil,
    maximumAgeMilliseconds: UInt64 = CairnClient.standardDecisionAgeMilliseconds, deadline: NIODeadline = .distantFuture
  ) -> EventLoopFuture<Authorization> {
    let promise = eventLoop.makePromise(of: Authorization.self)
    let query = Query<Authorization>.authorize(
      request, signature, maximumAgeMilliseconds: maximumAgeMilliseconds, contracts: contracts)
    ask(query, deadline: deadline) { promise.completeWith($0.mapError { $0 as any Error }) }
    return promise.futureResult
  }

  /// One request, of 1 MiB at most together with its answer.
  ///
  /// - Parameter completion: called once, on the event loop, with the outcomes in the order of the transactions.
  public func submit(
    _ transactions: [Transaction], wait: SubmitWait = .final, deadline: NIODeadline = .distantFuture,
    completion: @escaping @Sendable (Result<[SubmitOutcome], CairnError>) -> Void
  ) {
    ask(.submit(transactions, wait: wait), deadline: deadline, completion: completion)
  }

  public func close() async { await connection.close() }

  private func ask<Answer>(
    _ query: Query<Answer>, deadline: NIODeadline, completion: @escaping @Sendable (Result<Answer, CairnError>) -> Void
  ) {
    let known = trust.knowledge
    connection.call(query.method.rawValue, query.request(known), deadline: deadline) { [self] result in
      let accepted = Self.accept(result, query, known, trust)
      guard case .failure(let error) = accepted, error.isAboutEpochs(beyond: known.epoch) else {
        return completion(accepted.mapError { $0.error(at: endpoint, trust) })
      }
      // Once in the life of an epoch.
      eventLoop.makeFutureWithTask { [self] in try await ask(query, deadline: deadline) }.whenComplete { [self] result in
        completion(result.mapError { ($0 as? AttemptError ?? error).error(at: endpoint, trust) })
      }
    }
  }

  /// As the completion-based calls, for one attempt of a client that may turn to another endpoint. Verifies on the caller's executor.
  ///
  /// An answer of an epoch that is not known yet has the client learn about it from the same endpoint, and is then looked at again.
  func ask<Answer>(_ query: Query<Answer>, deadline: NIODeadline) async throws(AttemptError) -> Answer {
    let known = trust.knowledge
    let result = await call(query.method, query.request(known), deadline: deadline)
    do throws(AttemptError) { return try Self.accept(result, query, known, trust).get() } catch {
      guard error.isAboutEpochs(beyond: known.epoch) else { throw error }
      try await followEpochs(deadline: deadline)
      if case .success = result { return try Self.accept(result, query, known, trust).get() }
      let newer = trust.knowledge
      return try Self.accept(await call(query.method, query.request(newer), deadline: deadline), query, newer, trust).get()
    }
  }

  /// Learns from the endpoint how the validators have changed, up to its newest epoch. Each change is checked with the validators before it.
  func followEpochs(deadline: NIODeadline) async throws(AttemptError) {
    while true {
      let known = trust.knowledge.epoch
      var request = ProtoEpochsRequest()
      request.from = known
      let bytes: ByteBuffer
      switch await call(.epochs, ByteBuffer(encoding: request), deadline: deadline) {
      case .success(let answer): bytes = answer
      case .failure(.refused(let refusal)): throw .problem(.unavailable(Refusal(refusal)))
      case .failure(let error): throw .problem(.connection(error))
      }
      do throws(EndpointProblem) {
        let answer: ProtoEpochs = try decode(bytes.bytes)
        try trust.follow(answer.changes)
        guard trust.knowledge.epoch > known, trust.knowledge.epoch < answer.epoch else { return }
      } catch {
        throw .problem(error)
      }
    }
  }

  private func call(_ method: CairnMethod, _ request: ByteBuffer, deadline: NIODeadline) async -> Result<ByteBuffer, RPCError> {
    do throws(RPCError) { return .success(try await connection.call(method.rawValue, request, deadline: deadline)) } catch {
      return .failure(error)
    }
  }

  private static func accept<Answer>(
    _ result: Result<ByteBuffer, RPCError>, _ query: Query<Answer>, _ known: Knowledge, _ trust: Trust
  ) -> Result<Answer, AttemptError> {
    switch result {
    case .success(let answer):
      do throws(EndpointProblem) { return .success(try query.accept(answer, known, trust)) } catch { return .failure(.problem(error)) }
    case .failure(.refused(let refusal)):
      let refusal = Refusal(refusal)
      return .failure(refusal.isAboutNode ? .problem(.unavailable(refusal)) : .refused(refusal))
    case .failure(let error):
      return .failure(.problem(.connection(error)))
    }
  }
}

/// Why one attempt at one endpoint has no answer.
enum AttemptError: Error {
  /// Another endpoint may do better.
  case problem(EndpointProblem)
  /// Another endpoint would say the same.
  case refused(Refusal)

  /// Whether the client lacks epochs after the one that it knew when it asked.
  func isAboutEpochs(beyond known: UInt64) -> Bool {
    switch self {
    case .problem(.unproven(.unknownEpoch(let epoch))): epoch > known
    case .refused(let refusal): refusal.reason == "epochs_behind"
    case .problem: false
    }
  }

  func error(at endpoint: Endpoint, _ trust: Trust) -> CairnError {
    if let height = trust.fork { return .fork(height: height) }
    switch self {
    case .refused(let refusal): return .refused(refusal)
    case .problem(let problem): return .noAnswer([EndpointFailure(endpoint: endpoint, problem: problem)])
    }
  }
}

extension VerifiedConnection {
  /// The version of Cairn RPC that this client speaks.
  private static let version: UInt32 = 1

  static func open(
    _ target: ResolvedEndpoint, trust: Trust, agent: String, timeout: TimeAmount, group: any EventLoopGroup
  ) async throws(EndpointProblem) -> VerifiedConnection {
    let tls: TLSClient?
    do { tls = try target.nodeKey.map { key throws(TLSError) in try TLSClient.client(expecting: key, speaking: .rpc) } } catch {
      throw .connection(.cannotConnect(error.reason))
    }
    var hello = ProtoClientHello()
    hello.version = version
    hello.network = Data(trust.network.bytes)
    hello.agent = agent
    let network = trust.network
    var configuration = RPCClientConfiguration(hello: ByteBuffer(encoding: hello)) { try acceptHello($0, network: network) }
    configuration.helloTimeout = timeout
    configuration.answerByteCount = CairnMethod.eventBatchByteLimit
    do {
      let connection = try await RPCConnection.connect(
        host: target.address.host, port: target.address.port, tls: tls, configuration: configuration, group: group)
      return VerifiedConnection(target.endpoint, connection, trust)
    } catch {
      throw .connection(error)
    }
  }

  private static func acceptHello(_ bytes: ByteBuffer, network: Digest) throws(HelloError) -> RPCSessionLimits {
    guard let hello: ProtoServerHello = try? decode(bytes.bytes) else { throw .malformed }
    guard hello.version == version else { throw .unknownVersion }
    guard Digest(hello.network) == network else { throw .wrongNetwork }
    return RPCSessionLimits(requestsInFlight: Int(hello.maxInFlight), streamCredits: Int(hello.streamCredits))
  }
}

/// Why a server's hello is not accepted.
private enum HelloError: String, Error, CustomStringConvertible {
  case malformed = "malformed_hello"
  case unknownVersion = "unknown_version"
  case wrongNetwork = "wrong_network"

  var description: String { rawValue }
}
