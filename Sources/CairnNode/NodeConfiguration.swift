public import CairnChain
public import CairnConsensus
public import CairnCrypto
public import CairnLedger
package import CairnNetwork
public import CairnSigner
package import CairnStore
public import CoreMetrics

/// What a node is made of. Secrets are already decrypted; nothing here is read from the environment.
public struct NodeConfiguration: Sendable {
  public var genesis: Genesis
  /// What a node is called that the ledger does not know, or not by these keys; `nil` for one that it has to know.
  public var name: String?
  /// Signs votes; decides which validator of an epoch this node is, if any.
  public var voteKey: VoteKey
  /// Pinned by peers and clients.
  public var nodeKey: SigningKey
  /// The directory that holds everything this node must not lose. Made when it is not there.
  public var dataDirectory: String
  /// For other validators. Port 0 takes any free one.
  public var peerListener: HostAndPort
  /// Cairn RPC over TLS.
  public var clientListener: HostAndPort
  /// gRPC over TLS; `nil` turns it off.
  public var grpcListener: HostAndPort?
  /// Cairn RPC without TLS, with the methods for the operator; loopback only. `nil` turns it off.
  public var adminListener: HostAndPort?
  /// HTTP without TLS, for readers: loopback, or behind a proxy. Only with an ``httpFace``; `nil` turns it off.
  public var httpListener: HostAndPort?
  /// What answers there. The node itself knows nothing of HTTP.
  package var httpFace: (any HTTPFace)?
  /// Where the node's metrics go; what this process has set up for all of it, unless another one is given.
  public var metrics: any MetricsFactory = MetricsSystem.factory
  public var timers: TimerConfiguration
  /// Where validators listen when that is not what the ledger says, by name.
  public var peerAddresses: [String: HostAndPort] = [:]
  /// Follow and serve, but never vote.
  public var isVotingAllowed = true
  public var snapshots = SnapshotConfiguration()
  /// For tests: where the validators seem to be, in the order of the genesis. No configuration file can say it.
  package var links: LinkMatrix?
  /// Where the data directory is.
  package var disk: any Disk = OperatingSystemDisk()
  /// Stands before and after each durable operation, for tests that crash a node there.
  package var storeFaults: any StoreFaults = NoFaults()

  /// A node that signs its votes itself.
  public init(
    genesis: Genesis, consensusKey: SigningKey, nodeKey: SigningKey, dataDirectory: String, peerListener: HostAndPort,
    clientListener: HostAndPort
  ) {
    self.init(
      genesis: genesis, voteKey: .held(consensusKey), nodeKey: nodeKey, dataDirectory: dataDirectory, peerListener: peerListener,
      clientListener: clientListener)
  }

  public init(
    genesis: Genesis, voteKey: VoteKey, nodeKey: SigningKey, dataDirectory: String, peerListener: HostAndPort,
    clientListener: HostAndPort
  ) {
    self.genesis = genesis
    self.voteKey = voteKey
    self.nodeKey = nodeKey
    self.dataDirectory = dataDirectory
    self.peerListener = peerListener
    self.clientListener = clientListener
    var timers = TimerConfiguration()
    timers.heartbeatMilliseconds = UInt64(genesis.parameters.heartbeatMilliseconds)
    self.timers = timers
  }
}

/// The key that a node's votes are signed with, and who has it.
public enum VoteKey: Sendable {
  /// The node.
  case held(SigningKey)
  /// A signer in a process of its own, which the maker leads to.
  case remote(PublicKey, any VoteSignerMaker)

  public var publicKey: PublicKey {
    switch self {
    case .held(let key): key.publicKey
    case .remote(let key, _): key
    }
  }
}

/// How a node makes snapshots, and when it takes one of another node.
public struct SnapshotConfiguration: Hashable, Sendable {
  /// One is made of each height that is a multiple of it; 0 for none. Nodes with the same one make the same snapshots, which is what lets
  /// a node that is behind fetch the pieces from all of them at once.
  public var intervalBlocks: UInt64 = 10_000
  /// How far a snapshot must be ahead of this node for it to be taken: below that, the blocks are fetched and executed. The last 1,000
  /// blocks before a snapshot are fetched with it in any case.
  public var distanceBlocks: UInt64 = 2_000

  public init() {}
}
