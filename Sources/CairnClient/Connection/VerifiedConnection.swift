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
    connection.call(query.method.rawValue, query.request(known), deadline: deadline) { [endpoint, trust] result in
      completion(Self.accept(result, query, known, trust).mapError { $0.error(at: endpoint, trust) })
    }
  }

  /// As the completion-based calls, for one attempt of a client that may turn to another endpoint. Verifies on the caller's executor.
  func ask<Answer>(_ query: Query<Answer>, deadline: NIODeadline) async throws(AttemptError) -> Answer {
    let known = trust.knowledge
    let result: Result<ByteBuffer, RPCError>
    do throws(RPCError) {
      result = .success(try await connection.call(query.method.rawValue, query.request(known), deadline: deadline))
    } catch {
      result = .failure(error)
    }
    return try Self.accept(result, query, known, trust).get()
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
