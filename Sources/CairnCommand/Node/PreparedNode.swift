import CairnChain
import CairnCrypto
import CairnLedger
import CairnNode
import CairnSigner
import Foundation
import Logging

/// What a node's settings lead to: everything read, decrypted, parsed and held against each other.
struct PreparedNode {
  let genesis: Genesis
  let voteKey: VoteKey
  let nodeKey: SigningKey
  /// Of the validator of the genesis that this node is, or the configured one of a node that the genesis does not know.
  let name: String
  /// Whether the genesis knows the node by its keys.
  let isInGenesis: Bool
  let dataDirectory: String
  let listeners: Listeners
  let isVotingAllowed: Bool
  let log: LogSettings
  let timers: Timers
  let snapshots: SnapshotConfiguration
  let peerAddresses: [String: HostAndPort]

  struct Listeners: Hashable {
    var peers: HostAndPort
    var clients: HostAndPort
    var grpc: HostAndPort?
    var admin: HostAndPort?
    var http: HostAndPort?

    /// Name in the configuration and address, of those that are on.
    var all: [(setting: Setting, address: HostAndPort)] {
      [(.listenPeers, peers), (.listenClients, clients)] + (grpc.map { [(.listenGRPC, $0)] } ?? [])
        + (admin.map { [(.listenAdmin, $0)] } ?? []) + (http.map { [(.listenHTTP, $0)] } ?? [])
    }
  }

  /// Where votes are signed in another process, and with which key.
  struct Signer: Hashable {
    let consensusKey: PublicKey
    let settings: RemoteSignerSettings
  }

  struct LogSettings: Hashable {
    let level: Logger.Level
    let isJSON: Bool
  }

  /// In milliseconds.
  struct Timers: Hashable {
    let leader: UInt64
    let certificate: UInt64
    let retry: UInt64
    let skip: UInt64
    let standstill: UInt64
  }

  /// Everything that can be wrong is looked at; all problems that were found, or a node.
  static func prepare(
    _ settings: NodeSettings, passphrase: (String) throws(CommandFailure) -> [UInt8]
  ) -> Result<PreparedNode, PreparationFailure> {
    var check = Preparation(settings: settings)
    let genesis = check.attempt { () throws(CommandFailure) in try GenesisFiles.readGenesis(settings.text(.genesis)) }
    let signer = check.signer()
    let keys = check.attempt { () throws(CommandFailure) in try nodeKeys(settings, signer, passphrase) }
    let identity = genesis.flatMap { genesis in
      keys.flatMap { keys in
        check.attempt { () throws(CommandFailure) in try match(keys, genesis, settings) }
      }
    }
    let peers = check.address(.listenPeers)
    let clients = check.address(.listenClients)
    let grpc = check.optionalAddress(.listenGRPC)
    let admin = check.optionalAddress(.listenAdmin)
    let http = check.optionalAddress(.listenHTTP)
    if let admin, !admin.isLoopback {
      check.problems.append(
        .refused(
          "admin_not_loopback",
          "\(settings.source(.listenAdmin)): listen.admin \(admin) is not a loopback address: use 127.0.0.1, as it has no TLS."))
    }
    let voting = check.boolean(.voting)
    let log = check.log()
    let timers = check.timers()
    let snapshots = check.snapshots()
    let addresses = check.peerAddresses(genesis)
    guard check.problems.isEmpty, let genesis, let keys, let identity, let peers, let clients, let voting, let log, let timers,
      let snapshots
    else {
      return .failure(PreparationFailure(problems: check.problems))
    }
    return .success(
      PreparedNode(
        genesis: genesis, voteKey: keys.votes, nodeKey: keys.node, name: identity.name, isInGenesis: identity.isInGenesis,
        dataDirectory: settings.text(.data),
        listeners: Listeners(peers: peers, clients: clients, grpc: grpc, admin: admin, http: http), isVotingAllowed: voting, log: log,
        timers: timers, snapshots: snapshots,
        peerAddresses: addresses))
  }

  private static func nodeKeys(
    _ settings: NodeSettings, _ signer: Signer?, _ passphrase: (String) throws(CommandFailure) -> [UInt8]
  ) throws(CommandFailure) -> (votes: VoteKey, node: SigningKey) {
    let path = settings.text(.keys)
    let file = try KeyFiles.load(path)
    try requirePrivate(path, "key file", mask: 0o077)
    if let passphraseFile = settings[.passphraseFile]?.text { try requirePrivate(passphraseFile, "passphrase file", mask: 0o007) }
    let isRemote = settings[.signerAddress] != nil
    let names = isRemote ? [OperatorEntry.nodeKeyName] : [OperatorEntry.consensusKeyName, OperatorEntry.nodeKeyName]
    for name in names where !file.entries.contains(where: { $0.name == name }) {
      let hint =
        name == OperatorEntry.consensusKeyName && file.entries.contains { $0.name == OperatorEntry.nodeKeyName }
        ? "set signer.address if a signer holds it, or give the file that has both"
        : "it is not a node's; give the one that genesis join made"
      throw .refused("unknown_key_name", "The key file \(path) has no key named \(name): \(hint).")
    }
    if isRemote, file.entries.contains(where: { $0.name == OperatorEntry.consensusKeyName }) {
      throw .refused(
        "consensus_key_present",
        "The key file \(path) still holds the consensus key although a signer is to hold it (signer.address): run cairn signer init, which moves it."
      )
    }
    let keys = try KeyFiles.decrypt(file, at: path, passphrase: try passphrase(path))
    let found = { (name: String) in keys.first { $0.name == name }?.key }
    guard let node = found(OperatorEntry.nodeKeyName) else { preconditionFailure("a decrypted file has the keys that it lists") }
    if let signer { return (.remote(signer.consensusKey, signer.settings), node) }
    guard let consensus = found(OperatorEntry.consensusKeyName) else {
      throw .refused("bad_value", "The settings of the signer are not valid, so that nobody knows which key the node votes with.")
    }
    return (.held(consensus), node)
  }

  private static func requirePrivate(_ path: String, _ what: String, mask: mode_t) throws(CommandFailure) {
    guard let mode = Files.mode(of: path), mode & mask != 0 else { return }
    throw .refused("file_mode", "The \(what) \(path) is open to others (mode \(String(mode, radix: 8))): run chmod 600 \(path).")
  }

  /// Who the node is. One that the genesis does not know says its name itself, so that a wrong file is noticed.
  private static func match(
    _ keys: (votes: VoteKey, node: SigningKey), _ genesis: Genesis, _ settings: NodeSettings
  ) throws(CommandFailure) -> (name: String, isInGenesis: Bool) {
    let validator = genesis.validators.index(ofConsensusKey: keys.votes.publicKey).flatMap { genesis.validators[$0] }
    if let validator, validator.nodeKey == keys.node.publicKey { return (validator.name, true) }
    if let name = settings[.name]?.text { return (name, false) }
    guard let validator else {
      throw .refused(
        "not_a_validator",
        "The consensus key in \(settings[.signerConsensusKey] == nil ? settings.text(.keys) : Setting.signerConsensusKey.rawValue) is not that of any validator in \(settings.text(.genesis)): check which of the two is the wrong file, or set name for a node that the network takes in later."
      )
    }
    throw .refused(
      "node_key_mismatch",
      "The node key in \(settings.text(.keys)) is not the one that \(settings.text(.genesis)) has for \(validator.name): restore the original key file, or set name if the network has changed the key."
    )
  }
}

/// All that was wrong.
struct PreparationFailure: Error {
  let problems: [CommandFailure]
}

extension NodeSettings {
  func text(_ setting: Setting) -> String { self[setting]?.text ?? "" }
  func source(_ setting: Setting) -> Source { self[setting]?.source ?? .defaultValue }
}

extension HostAndPort {
  /// 127.0.0.0/8, ::1 or `localhost`.
  var isLoopback: Bool { host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4) }
}
