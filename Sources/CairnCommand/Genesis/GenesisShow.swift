import ArgumentParser
import CairnChain
import CairnCrypto
import CairnLedger

struct GenesisShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a genesis file says: fingerprint, validators, identities, parameters.")

  @Argument(help: "The genesis file.", completion: .file()) var file: String
  @Flag(help: "Print the constitution alone: its policies, as they were agreed on.") var constitution = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let genesis = try GenesisFiles.readGenesis(file)
    guard !constitution else {
      return output.print(ShownConstitution(genesis.constitution), text: genesis.constitution.source.policies)
    }
    output.print(ShownGenesis(genesis, file: file), text: Self.text(genesis))
  }

  private static func text(_ genesis: Genesis) -> String {
    let parameters = genesis.parameters
    var rows = [
      ("name", genesis.name), ("fingerprint", genesis.fingerprint), ("network", genesis.network.description),
      ("time", Output.time(genesis.timeMilliseconds)),
      ("block", "\(parameters.maxBlockBytes) bytes, transaction \(parameters.maxTransactionBytes) bytes"),
      ("validity", "\(parameters.maxValidityBlocks) blocks"), ("heartbeat", "\(parameters.heartbeatMilliseconds) ms"),
      ("governance", "\(parameters.trusteeThreshold) of \(genesis.roles.count { $0.contains(.trustee) }) trustees"),
      ("constitution", genesis.constitution.summary),
      ("quorum", "\(genesis.validators.quorum) of \(genesis.validators.count) validators"),
    ]
    for validator in genesis.validators.validators {
      rows.append(("validator", "\(validator.name)  peers \(validator.peerAddress)  clients \(validator.clientAddress)"))
    }
    for (did, roles) in zip(genesis.dids, genesis.roles) {
      rows.append(("identity", "\(did)  \(roles.roles.map(\.name).joined(separator: ", "))"))
    }
    return Output.table(rows)
  }
}

extension Constitution {
  /// What people compare and look at.
  var summary: String {
    let what = source == .standard ? "the standard one" : "\(policyCount) policies"
    return "\(Genesis.fingerprint(of: hash)), \(what)"
  }
}

/// A constitution for programs.
struct ShownConstitution: Encodable {
  let hash: String
  let isStandard: Bool
  let policies: String
  let tests: String

  init(_ constitution: Constitution) {
    hash = constitution.hash.description
    isStandard = constitution.source == .standard
    policies = constitution.source.policies
    tests = constitution.source.tests
  }
}

/// A genesis for programs.
struct ShownGenesis: Encodable {
  struct ShownValidator: Encodable {
    let name: String
    let consensusKey: String
    let nodeKey: String
    let peerAddress: String
    let clientAddress: String
  }
  struct ShownIdentity: Encodable {
    let did: String
    let roles: [String]
  }
  struct ShownParameters: Encodable {
    let maxBlockBytes: UInt32
    let maxTransactionBytes: UInt32
    let maxValidityBlocks: UInt32
    let heartbeatMs: UInt32
    let trusteeThreshold: UInt32
  }

  let file: String
  let name: String
  let network: String
  let fingerprint: String
  let timeMs: UInt64
  let parameters: ShownParameters
  let constitution: ShownConstitution
  let validators: [ShownValidator]
  let identities: [ShownIdentity]

  init(_ genesis: Genesis, file: String) {
    self.file = file
    name = genesis.name
    network = genesis.network.description
    fingerprint = genesis.fingerprint
    timeMs = genesis.timeMilliseconds
    constitution = ShownConstitution(genesis.constitution)
    parameters = ShownParameters(
      maxBlockBytes: genesis.parameters.maxBlockBytes, maxTransactionBytes: genesis.parameters.maxTransactionBytes,
      maxValidityBlocks: genesis.parameters.maxValidityBlocks, heartbeatMs: genesis.parameters.heartbeatMilliseconds,
      trusteeThreshold: genesis.parameters.trusteeThreshold)
    validators = genesis.validators.validators.map {
      ShownValidator(
        name: $0.name, consensusKey: $0.consensusKey.description, nodeKey: $0.nodeKey.description, peerAddress: $0.peerAddress,
        clientAddress: $0.clientAddress)
    }
    identities = zip(genesis.dids, genesis.roles).map { ShownIdentity(did: "\($0)", roles: $1.roles.map(\.name)) }
  }
}
