public import CairnChain
public import CairnCrypto
import CairnIdentity
import CairnLedger
public import CairnMerkle
public import CairnMessages
import CairnNetwork
import NIOCore
import Synchronization

/// A client of one Cairn network that believes nothing it cannot check.
///
/// Every answer is verified against the trust anchor before it is returned: the header's finalization, its age, that the chain
/// never goes back, the proofs and the hashes of what was handed out. An endpoint that cannot be reached or cannot prove what
/// it says is passed over for the next one. When none is left the call throws, with each one's reason. Usable from any thread.
public final class CairnClient: Sendable {
  /// What every answer is traced back to.
  public let anchor: TrustAnchor
  let options: Options
  let trust: Trust
  let pool: EndpointPool
  let cache: ResolutionCache
  let contracts = KnownContracts()
  /// The client was made without endpoints: it asks the validators, whoever they are.
  private let asksValidators: Bool
  /// The epoch of which the endpoints are.
  private let endpointEpoch: Mutex<UInt64>
  /// Header time of the genesis block, once it was asked for.
  let genesisTime = Mutex<UInt64?>(nil)

  /// Makes a client, and does not return before one endpoint has proven a recent header.
  ///
  /// - Parameters:
  ///   - endpoints: asked in this order; none for the validators of the anchor in random order.
  ///   - source: what the client trusts before it has asked anybody.
  public static func connect(
    to endpoints: [Endpoint] = [], trusting source: AnchorSource, options: Options = Options()
  ) async throws(CairnError) -> CairnClient {
    let client = try CairnClient(to: endpoints, trusting: source, options: options)
    do {
      _ = try await client.checkpoint()
    } catch {
      await client.close()
      throw error
    }
    return client
  }

  /// A client that connects when it is first used.
  public init(to endpoints: [Endpoint] = [], trusting source: AnchorSource, options: Options = Options()) throws(CairnError) {
    let anchor = try source.load()
    var targets: [ResolvedEndpoint] = []
    for endpoint in endpoints { targets.append(try ResolvedEndpoint(endpoint, anchor: anchor)) }
    if endpoints.isEmpty { targets = try ResolvedEndpoint.validators(of: anchor) }
    let trust = Trust(anchor: anchor, maximumStalenessMilliseconds: options.maximumStalenessMilliseconds, clock: options.clock)
    (self.anchor, self.options, self.trust) = (anchor, options, trust)
    asksValidators = endpoints.isEmpty
    endpointEpoch = Mutex(anchor.epoch)
    pool = EndpointPool(targets, clock: options.clock) { target throws(EndpointProblem) in
      try await VerifiedConnection.open(
        target, trust: trust, agent: options.agent, timeout: options.attemptTimeout, group: options.eventLoopGroup)
    }
    cache = ResolutionCache(capacity: options.cacheCapacity, byteLimit: options.cacheByteLimit)
  }

  public var network: Digest { anchor.network }

  /// The newest header that was verified so far.
  public var newest: CertifiedHeader? { trust.newest }

  /// The validators of a verified header's epoch; `nil` when they are so long gone that they were forgotten.
  public func validators(of header: CertifiedHeader) -> ValidatorSet? { trust.validators(ofEpoch: header.header.epoch) }

  /// Endpoints follow the validators that they stand for: to another address or key, and, where none were given, to validators that
  /// have come since. Those that have gone are asked as long as they answer.
  func followEndpoints() {
    let (epoch, validators) = trust.validators
    let isNew = endpointEpoch.withLock { known in
      defer { known = max(known, epoch) }
      return epoch > known
    }
    if isNew { pool.follow(validators, addsNew: asksValidators) }
  }

  /// How each endpoint has done so far, and why it was last not believed.
  public var endpoints: [EndpointStatus] { pool.statuses }

  /// Ends all connections. Calls in flight fail, and so does every later one.
  public func close() async { await pool.close() }

  /// A connection of its own, for many thousands of calls a second. It shares what the client has verified.
  ///
  /// - Parameter endpoint: one of the client's; `nil` for the one that it would ask next.
  public func verifiedConnection(to endpoint: Endpoint? = nil) async throws(CairnError) -> VerifiedConnection {
    try checkUsable()
    let index = try candidates(endpoint)[0]
    do {
      return try await VerifiedConnection.open(
        pool.target(index), trust: trust, agent: options.agent, timeout: options.attemptTimeout, group: options.eventLoopGroup)
    } catch {
      throw .noAnswer([EndpointFailure(endpoint: pool.endpoint(index), problem: error)])
    }
  }
}

// Reading the log.
extension CairnClient {
  /// The newest header that the endpoint has.
  public func checkpoint() async throws(CairnError) -> CertifiedHeader { try await ask(.checkpoint) }

  /// A transaction by its id. That there is none is the node's word (``CairnError/refused(_:)``): a log proves what it contains only.
  public func transaction(_ id: Digest) async throws(CairnError) -> Receipt { try await ask(.transaction(id)) }

  public func entry(_ index: UInt64) async throws(CairnError) -> ProvenEntry { try await ask(.entry(index)) }

  public func header(_ selector: HeaderSelector) async throws(CairnError) -> ProvenHeader { try await ask(.header(selector)) }

  /// The proof that an entry which the caller has stands in the log at this index.
  public func inclusionProof(of entry: LogEntry, at index: UInt64) async throws(CairnError) -> ProvenEntry {
    try await ask(.inclusionProof(index, of: entry))
  }

  /// That the log which `old` states is a prefix of the one that `new` states. Both have entries.
  public func consistencyProof(from old: CertifiedHeader, to new: CertifiedHeader) async throws(CairnError) -> LogConsistencyProof {
    try await ask(.consistency(from: old, to: new))
  }
}

// What nodes say about themselves.
extension CairnClient {
  /// - Parameter endpoint: one of the client's; `nil` for whichever answers.
  public func info(from endpoint: Endpoint? = nil) async throws(CairnError) -> Unproven<ProtoInfo> {
    let (info, index) = try await ask(.info, patience: readPatience, at: endpoint)
    return Unproven(value: info, endpoint: pool.endpoint(index))
  }

  /// The node's local view. Answered on the listener for administration only.
  public func status(from endpoint: Endpoint? = nil) async throws(CairnError) -> Unproven<ProtoNodeStatus> {
    let (status, index) = try await ask(.status, patience: readPatience, at: endpoint)
    return Unproven(value: status, endpoint: pool.endpoint(index))
  }
}
