import CairnChain
import CairnCrypto
import CairnLedger
import Foundation
import Logging

/// What a node's settings lead to: everything read, decrypted, parsed and held against each other.
struct PreparedNode {
  let genesis: Genesis
  let consensusKey: SigningKey
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
    let keys = check.attempt { () throws(CommandFailure) in try nodeKeys(settings, passphrase) }
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
    let addresses = check.peerAddresses(genesis)
    guard check.problems.isEmpty, let genesis, let keys, let identity, let peers, let clients, let voting, let log, let timers else {
      return .failure(PreparationFailure(problems: check.problems))
    }
    return .success(
      PreparedNode(
        genesis: genesis, consensusKey: keys.consensus, nodeKey: keys.node, name: identity.name, isInGenesis: identity.isInGenesis,
        dataDirectory: settings.text(.data),
        listeners: Listeners(peers: peers, clients: clients, grpc: grpc, admin: admin, http: http), isVotingAllowed: voting, log: log,
        timers: timers,
        peerAddresses: addresses))
  }

  private static func nodeKeys(
    _ settings: NodeSettings, _ passphrase: (String) throws(CommandFailure) -> [UInt8]
  ) throws(CommandFailure) -> (consensus: SigningKey, node: SigningKey) {
    let path = settings.text(.keys)
    let file = try KeyFiles.load(path)
    try requirePrivate(path, "key file", mask: 0o077)
    if let passphraseFile = settings[.passphraseFile]?.text { try requirePrivate(passphraseFile, "passphrase file", mask: 0o007) }
    for name in [OperatorEntry.consensusKeyName, OperatorEntry.nodeKeyName] where !file.entries.contains(where: { $0.name == name }) {
      throw .refused(
        "unknown_key_name", "The key file \(path) has no key named \(name): it is not a node's; give the one that genesis join made.")
    }
    let keys = try KeyFiles.decrypt(file, at: path, passphrase: try passphrase(path))
    guard let consensus = keys.first(where: { $0.name == OperatorEntry.consensusKeyName })?.key,
      let node = keys.first(where: { $0.name == OperatorEntry.nodeKeyName })?.key
    else { preconditionFailure("a decrypted file has the keys that it lists") }
    return (consensus, node)
  }

  private static func requirePrivate(_ path: String, _ what: String, mask: mode_t) throws(CommandFailure) {
    guard let mode = Files.mode(of: path), mode & mask != 0 else { return }
    throw .refused("file_mode", "The \(what) \(path) is open to others (mode \(String(mode, radix: 8))): run chmod 600 \(path).")
  }

  /// Who the node is. One that the genesis does not know says its name itself, so that a wrong file is noticed.
  private static func match(
    _ keys: (consensus: SigningKey, node: SigningKey), _ genesis: Genesis, _ settings: NodeSettings
  ) throws(CommandFailure) -> (name: String, isInGenesis: Bool) {
    let validator = genesis.validators.index(ofConsensusKey: keys.consensus.publicKey).flatMap { genesis.validators[$0] }
    if let validator, validator.nodeKey == keys.node.publicKey { return (validator.name, true) }
    if let name = settings[.name]?.text { return (name, false) }
    guard let validator else {
      throw .refused(
        "not_a_validator",
        "The consensus key in \(settings.text(.keys)) is not that of any validator in \(settings.text(.genesis)): check which of the two is the wrong file, or set name for a node that the network takes in later."
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
