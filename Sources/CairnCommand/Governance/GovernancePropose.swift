import ArgumentParser
import CairnChain
import CairnClient
import CairnIdentity
import CairnLedger

struct GovernanceProposeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "propose", abstract: "Propose a change; your own approval is counted when you are a trustee.",
    subcommands: [
      ProposeGrantRole.self, ProposeRevokeRole.self, ProposeSetParameter.self, ProposeReplaceConstitution.self, ProposeFreezeContract.self,
      ProposeUnfreezeContract.self, ProposeAddValidator.self, ProposeRemoveValidator.self, ProposeReplaceValidator.self,
      ProposeRekeyValidator.self, ProposeMoveValidator.self,
    ])
}

/// Who proposes, and for how long.
struct ProposingOptions: ParsableArguments {
  @Option(help: "The proposer, when the wallet has keys of several DIDs.") var did: String?
  @Option(help: "How long it can be approved: 90s, 30m, 8h, 2d; at most 90 days.") var lifetime = DurationArgument.days(14)
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func propose(_ action: GovernanceAction, with wallet: WalletOptions) async throws {
    try await propose(with: wallet) { _ in action }
  }

  /// - Parameter action: made of what the ledger says.
  func propose(with wallet: WalletOptions, _ action: @escaping @Sendable (CairnClient) async throws -> GovernanceAction) async throws {
    let own = try wallet.open()
    let shown = try await withClient(client) { client in
      let action = try await action(client)
      let proposer = try await client.signatory(own, did)
      let expires = UInt64(max(0, Timestamp.now.milliseconds + lifetime.milliseconds))
      let (id, _) = try await client.propose(action, expiresMilliseconds: expires, by: proposer)
      return try await client.shownProposal(id)
    }
    output.print(shown, text: shown.summary)
  }
}

/// A role and a DID.
struct RoleChangeOptions: ParsableArguments {
  @Argument(help: "The role: \(Role.allCases.map(\.name).joined(separator: ", ")).") var role: RoleArgument
  @Argument(help: "The DID.") var subject: String
}

/// A role from the command line.
struct RoleArgument: ExpressibleByArgument {
  let role: Role

  init?(argument: String) {
    guard let role = Role(name: argument) else { return nil }
    self.role = role
  }

  static var allValueStrings: [String] { Role.allCases.map(\.name) }
}

struct ProposeGrantRole: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "grant-role", abstract: "Give a role to a DID.")

  @OptionGroup var wallet: WalletOptions
  @OptionGroup var change: RoleChangeOptions
  @OptionGroup var proposing: ProposingOptions

  func run() async throws {
    try await proposing.propose(.grantRole(change.role.role, try DIDArgument.parse(change.subject)), with: wallet)
  }
}

struct ProposeRevokeRole: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "revoke-role", abstract: "Take a role from a DID.")

  @OptionGroup var wallet: WalletOptions
  @OptionGroup var change: RoleChangeOptions
  @OptionGroup var proposing: ProposingOptions

  func run() async throws {
    try await proposing.propose(.revokeRole(change.role.role, try DIDArgument.parse(change.subject)), with: wallet)
  }
}

struct ProposeSetParameter: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "set-parameter", abstract: "Change a parameter of the network.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The parameter: \(ParameterName.allCases.map(\.rawValue).joined(separator: ", ")).") var name: String
  @Argument(help: "Its new value.") var value: UInt32
  @OptionGroup var proposing: ProposingOptions

  func run() async throws {
    guard let parameter = ParameterName(name: name) else {
      let nearest = NearestName.nearest(to: name, in: ParameterName.allCases.map(\.rawValue)) ?? ""
      throw CommandFailure.usage("unknown_parameter", "There is no parameter \(name): did you mean \(nearest)?")
    }
    try await proposing.propose(.setParameter(parameter, value), with: wallet)
  }
}

struct ProposeReplaceConstitution: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replace-constitution", abstract: "Replace who may do what on the ledger.",
    discussion: "What the constitution has to decide is read from the file of the same name with .tests at the end, where there is one.")

  @OptionGroup var wallet: WalletOptions
  @Argument(
    help: "A file of Cedar policies, or \(ConstitutionFile.standardName).", completion: .file(extensions: ["cedar"]))
  var policies: String
  @OptionGroup var proposing: ProposingOptions

  func run() async throws {
    try await proposing.propose(.replaceConstitution(try ConstitutionFile.read(policies).source), with: wallet)
  }
}

struct ProposeFreezeContract: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "freeze-contract", abstract: "Stop a policy contract.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract.") var contract: String
  @OptionGroup var proposing: ProposingOptions

  func run() async throws { try await proposing.propose(.freezeContract(contract), with: wallet) }
}

struct ProposeUnfreezeContract: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "unfreeze-contract", abstract: "Let a stopped policy contract go on.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract.") var contract: String
  @OptionGroup var proposing: ProposingOptions

  func run() async throws { try await proposing.propose(.unfreezeContract(contract), with: wallet) }
}
