import ArgumentParser
import CairnChain
import CairnClient
import CairnIdentity
import CairnLedger

struct GovernanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "governance", abstract: "Decide together: roles, parameters, the constitution, the validators.",
    discussion: """
      A trustee proposes, others approve; with as many approvals as the threshold asks for a proposal takes effect in the same block. \
      Everything stays in the log.
      """,
    subcommands: [
      GovernanceProposeCommand.self, GovernanceApproveCommand.self, GovernanceWithdrawCommand.self, GovernanceListCommand.self,
      GovernanceShowCommand.self,
    ])
}

/// A proposal's id from the command line.
struct ProposalArgument: ExpressibleByArgument {
  let id: ProposalID

  init?(argument: String) {
    guard let id = ProposalID(parsing: argument) else { return nil }
    self.id = id
  }
}

struct GovernanceApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approve a proposal. Look at it with governance show first.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The proposal's id.") var proposal: ProposalArgument
  @Option(help: "The trustee, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let own = try wallet.open()
    let id = proposal.id
    let result = try await withClient(client) { client in
      _ = try await client.approve(id, by: try await client.signatory(own, did))
      return try await client.shownProposal(id)
    }
    output.print(result, text: result.summary)
  }
}

struct GovernanceWithdrawCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "End a proposal of your own, or take back your approval of another one.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The proposal's id.") var proposal: ProposalArgument
  @Option(help: "The trustee, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let own = try wallet.open()
    let id = proposal.id
    let result = try await withClient(client) { client in
      _ = try await client.withdraw(id, by: try await client.signatory(own, did))
      return try await client.shownProposal(id)
    }
    output.print(result, text: result.summary)
  }
}

struct GovernanceListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the open proposals, with proof that none is left out.")

  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let threshold: UInt32
    let trustees: [String]
    let proposals: [ShownProposal]
  }

  func run() async throws {
    let shown = try await withClient(client) { client in
      let resolution = try await client.governance()
      var proposals: [ShownProposal] = []
      for open in resolution.governance.open where open.expiresMilliseconds > resolution.header.header.timeMilliseconds {
        proposals.append(try await client.shownProposal(open.id))
      }
      return Shown(
        threshold: resolution.governance.parameters.trusteeThreshold, trustees: resolution.governance.trustees.map(\.description),
        proposals: proposals)
    }
    let rules = "\(shown.threshold) of \(shown.trustees.count) trustees decide."
    output.print(
      shown,
      text: shown.proposals.isEmpty ? "No proposal is open. \(rules)" : (shown.proposals.map(\.text) + [rules]).joined(separator: "\n"))
  }
}

struct GovernanceShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a proposal; without one, who governs and by which rules.")

  @Argument(help: "The proposal's id.") var proposal: ProposalArgument?
  @Flag(help: "Print the policies alone: of the constitution in force, or of the one that is proposed.") var constitution = false
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let (id, policies) = (proposal?.id, constitution)
    if let id {
      let shown = try await withClient(client) { try await $0.shownProposal(id) }
      return output.print(shown, text: policies ? shown.constitution ?? "" : shown.text)
    }
    let shown = try await withClient(client) { ShownGovernance(try await $0.governance()) }
    output.print(shown, text: policies ? shown.constitution : shown.text)
  }
}
