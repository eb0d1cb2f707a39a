/// What can be set in a node's configuration. The name in the file is `rawValue`, with a dot for each level.
enum Setting: String, CaseIterable {
  case genesis
  case name
  case keys
  case passphraseFile = "passphrase_file"
  case data
  case listenPeers = "listen.peers"
  case listenClients = "listen.clients"
  case listenGRPC = "listen.grpc"
  case listenAdmin = "listen.admin"
  case listenHTTP = "listen.http"
  case voting
  case signerAddress = "signer.address"
  case signerKey = "signer.key"
  case signerConsensusKey = "signer.consensus_key"
  case signerTimeoutMilliseconds = "signer.timeout_ms"
  case logLevel = "log.level"
  case logFormat = "log.format"
  case leaderMilliseconds = "timers.leader_ms"
  case certificateMilliseconds = "timers.certificate_ms"
  case retryMilliseconds = "timers.retry_ms"
  case skipMilliseconds = "timers.skip_ms"
  case standstillMilliseconds = "timers.standstill_ms"
  case snapshotInterval = "snapshots.interval_blocks"
  case snapshotDistance = "snapshots.distance_blocks"

  /// Before the name of a validator: where it listens when that is not what the genesis says.
  static let peerPrefix = "peers."

  /// The environment's variable, for example `CAIRN_LISTEN_PEERS`.
  var environmentName: String { "CAIRN_" + rawValue.uppercased().replacing(".", with: "_") }

  /// `nil`: not set.
  var defaultValue: String? {
    switch self {
    case .genesis: "genesis.cairn"
    case .keys: "node.keys"
    case .name, .passphraseFile, .signerAddress, .signerKey, .signerConsensusKey: nil
    case .data: "data"
    case .listenPeers: "0.0.0.0:7400"
    case .listenClients: "0.0.0.0:7401"
    case .listenGRPC: "off"
    case .listenAdmin: "127.0.0.1:7403"
    case .listenHTTP: "127.0.0.1:7404"
    case .voting: "true"
    case .signerTimeoutMilliseconds: "1000"
    case .logLevel: "info"
    case .logFormat: "text"
    case .leaderMilliseconds: "1000"
    case .certificateMilliseconds: "2000"
    case .retryMilliseconds: "2000"
    case .skipMilliseconds: "30000"
    case .standstillMilliseconds: "10000"
    case .snapshotInterval: "10000"
    case .snapshotDistance: "2000"
    }
  }

  /// A file or directory: in the configuration relative to the configuration's own directory.
  var isPath: Bool {
    switch self {
    case .genesis, .keys, .passphraseFile, .data: true
    default: false
    }
  }
}
