import CairnChain
import CairnCrypto
import CairnLedger

/// One operator's part of a new network: keys made here, and the entry that they sign.
struct OperatorEntry {
  static let consensusKeyName = "consensus"
  static let nodeKeyName = "node"

  let consensusKey = SigningKey.generate()
  let nodeKey = SigningKey.generate()
  let identity: NewIdentity
  let entry: GenesisEntry
  let signed: SignedGenesisEntry

  init(name: String, peerAddress: String, clientAddress: String, roles: Roles, template: GenesisTemplate) throws(CommandFailure) {
    try self.init(name: name, peerAddress: peerAddress, clientAddress: clientAddress, roles: roles, for: .template(template))
  }

  init(name: String, peerAddress: String, clientAddress: String, roles: Roles, for network: JoinedNetwork) throws(CommandFailure) {
    identity = try NewIdentity(document: DocumentOptions.Changes(), controller: nil, network: .zero)
    let validator = Validator(
      name: name, consensusKey: consensusKey.publicKey, nodeKey: nodeKey.publicKey, peerAddress: peerAddress, clientAddress: clientAddress)
    do {
      entry = try GenesisEntry(
        validator: validator, control: identity.control, document: identity.document, salt: identity.salt, roles: roles)
    } catch {
      throw GenesisSentence.failure(error, "the entry of \(name)")
    }
    let identityKeys = [identity.updateKey]
    signed =
      switch network {
      case .template(let template): entry.signed(for: template, consensusKey: consensusKey, nodeKey: nodeKey, identityKeys: identityKeys)
      case .running(let genesis):
        entry.signed(forNetwork: genesis.network, consensusKey: consensusKey, nodeKey: nodeKey, identityKeys: identityKeys)
      }
  }
}

/// What an operator joins.
enum JoinedNetwork {
  /// A network that is being started.
  case template(GenesisTemplate)
  /// One that runs.
  case running(Genesis)

  var name: String {
    switch self {
    case .template(let template): template.name
    case .running(let genesis): genesis.name
    }
  }

  var isRunning: Bool { if case .running = self { true } else { false } }

  var fingerprint: String {
    switch self {
    case .template(let template): template.fingerprint
    case .running(let genesis): genesis.fingerprint
    }
  }
}

/// The files of one operator.
struct OperatorFiles {
  let directory: String
  let name: String

  var keys: String { directory + "/node.keys" }
  var wallet: String { directory + "/operator.keys" }
  var entry: String { directory + "/\(name).entry" }
  var configuration: String { directory + "/node.yaml" }
  var genesis: String { directory + "/genesis.cairn" }

  /// All or nothing: none of the files may be there.
  func requireAbsent() throws(CommandFailure) {
    for path in [keys, wallet, entry, configuration] where Files.exists(path) {
      throw .refused("file_exists", "\(path) exists already and is not overwritten: join in another directory, or move it away.")
    }
  }

  func write(
    _ part: OperatorEntry, for network: JoinedNetwork, passphrase: [UInt8], hashing: PassphraseHashing, configuration text: String
  ) throws(CommandFailure) {
    let nodeKeys = [(OperatorEntry.consensusKeyName, part.consensusKey), (OperatorEntry.nodeKeyName, part.nodeKey)]
    try KeyFiles.create(
      keys, try KeyFiles.encrypt(nodeKeys.map { (name: $0.0, key: $0.1) }, passphrase: passphrase, hashing: hashing, for: keys))
    try KeyFiles.create(wallet, try KeyFiles.encrypt(part.identity.namedKeys, passphrase: passphrase, hashing: hashing, for: wallet))
    try GenesisFiles.writeEntry(part.signed, of: part.entry, for: network, to: entry)
    try Files.create(configuration, "configuration", Array(text.utf8))
  }
}
