import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger

struct ProposeAddValidator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-validator", abstract: "Take a node in as a validator.",
    discussion: """
      The new operator makes the entry on its own host with genesis join --genesis. Its signatures are checked here. The node may follow from \
      the proposal on, and should have caught up before the last approval.
      """)

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The new operator's entry.", completion: .file(extensions: ["entry"])) var entry: String
  @OptionGroup var proposing: ProposingOptions

  func run() async throws {
    let path = entry
    try await proposing.propose(with: wallet) { client in
      .changeValidators(.add(try GenesisFiles.readEntry(path, forNetwork: client.network).validator))
    }
  }
}

struct ProposeRemoveValidator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove-validator", abstract: "End a validator's part in deciding; its node may go on serving.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The validator's name.") var name: String
  @OptionGroup var proposing: ProposingOptions

  func run() async throws { try await proposing.propose(.changeValidators(.remove(name)), with: wallet) }
}

struct ProposeReplaceValidator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replace-validator", abstract: "Put another operator's node in a validator's place, in one step.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "Name of the validator that goes.") var name: String
  @Argument(help: "The entry of the one that comes, see add-validator.", completion: .file(extensions: ["entry"])) var entry: String
  @OptionGroup var proposing: ProposingOptions

  func run() async throws {
    let (name, path) = (name, entry)
    try await proposing.propose(with: wallet) { client in
      .changeValidators(.replace(name, try GenesisFiles.readEntry(path, forNetwork: client.network).validator))
    }
  }
}

struct ProposeRekeyValidator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rekey-validator", abstract: "Change a validator's keys.",
    discussion: """
      Takes the public keys from the key file; no passphrase is needed. When the change has taken effect the node is restarted with the new \
      key file, and name: in its configuration; until then it does not vote.
      """)

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The validator's name.") var name: String
  @Argument(help: "A key file with the new keys: consensus, node, or both.", completion: .file(extensions: ["keys"])) var keys: String
  @OptionGroup var proposing: ProposingOptions

  func run() async throws {
    let (name, path, file) = (name, keys, try KeyFiles.load(keys))
    let found = { (wanted: String) in file.entries.first { $0.name == wanted }?.publicKey }
    let (consensus, node) = (found(OperatorEntry.consensusKeyName), found(OperatorEntry.nodeKeyName))
    guard consensus != nil || node != nil else {
      throw CommandFailure.refused(
        "unknown_key_name", "The key file \(path) has neither a key named consensus nor one named node: it is not a node's.")
    }
    try await proposing.propose(with: wallet) { client in
      var validator = try await client.currentValidator(name)
      validator.consensusKey = consensus ?? validator.consensusKey
      validator.nodeKey = node ?? validator.nodeKey
      return .changeValidators(.replace(name, validator))
    }
  }
}

struct ProposeMoveValidator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "move-validator", abstract: "Change a validator's addresses.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The validator's name.") var name: String
  @Option(help: "host:port at which the other validators will reach it.") var peerAddress: String?
  @Option(help: "host:port at which clients will reach it.") var clientAddress: String?
  @OptionGroup var proposing: ProposingOptions

  func validate() throws {
    if peerAddress == nil, clientAddress == nil { throw ValidationError("Give --peer-address, --client-address, or both.") }
  }

  func run() async throws {
    let (name, peers, clients) = (name, peerAddress, clientAddress)
    try await proposing.propose(with: wallet) { client in
      var validator = try await client.currentValidator(name)
      validator.peerAddress = peers ?? validator.peerAddress
      validator.clientAddress = clients ?? validator.clientAddress
      return .changeValidators(.replace(name, validator))
    }
  }
}

extension CairnClient {
  /// A validator as the ledger has it, proven.
  fileprivate func currentValidator(_ name: String) async throws -> Validator {
    var header = try await checkpoint()
    // The last block of an epoch does not say what the next one's validators are; its successor comes with the heartbeat.
    for _ in 0..<100 where header.header.fields.nextValidatorsHash != nil {
      try await Task.sleep(for: .milliseconds(100))
      header = try await checkpoint()
    }
    guard let validators = validators(of: header) else {
      throw CommandFailure.refused("unknown_epoch", "The validators of epoch \(header.header.epoch) are not known: try again.")
    }
    guard let validator = validators.validators.first(where: { $0.name == name }) else {
      let nearest = NearestName.nearest(to: name, in: validators.validators.map(\.name)) ?? ""
      throw CommandFailure.refused("unknown_validator", "No validator is called \(name): did you mean \(nearest)?")
    }
    return validator
  }
}

extension Validator {
  /// For people.
  var text: String {
    "\(name) (peers \(peerAddress), clients \(clientAddress), consensus key \(consensusKey), node key \(nodeKey))"
  }
}
