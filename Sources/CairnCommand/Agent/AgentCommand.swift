import ArgumentParser
import CairnChain
import CairnClient
import CairnIdentity
import CairnLedger

struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent", abstract: "Isolate an agent that misbehaves, and release it.",
    discussion: """
      An isolated DID submits nothing, its update keys do nothing, and verifiers refuse what it signed, whenever that was. Its controller \
      and its other keys can still rotate or deactivate it. The wallet's DID must be a guardian.
      """,
    subcommands: [AgentIsolateCommand.self, AgentReleaseCommand.self])
}

struct AgentIsolateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "isolate", abstract: "Stop an agent at once.",
    discussion: "Given again it changes the reason and the end. What it is about is shown by did resolve.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The agent's DID.") var agent: String
  @Option(help: "Why, for people: at most \(AgentIsolate.reasonByteLimit) bytes; everybody can read it for ever.") var reason: String
  @Option(name: .customLong("for"), help: "For how long: 90s, 30m, 8h, 2d; otherwise until it is released.") var duration: DurationArgument?
  @Option(help: "The guardian, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let agent = try DIDArgument.parse(agent)
    let own = try wallet.open()
    let change = try await withClient(client) { client in
      let guardian = try await client.signatory(own, did)
      let end = duration.map { UInt64(max(0, Timestamp.now.milliseconds + $0.milliseconds)) }
      return ShownChange(agent, try await client.isolate(agent, reason: reason, untilMilliseconds: end, by: guardian))
    }
    output.print(change, text: "Isolated \(change.did) at height \(change.height).")
  }
}

struct AgentReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "release", abstract: "Let an isolated agent go on.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The agent's DID.") var agent: String
  @Option(help: "The guardian, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let agent = try DIDArgument.parse(agent)
    let own = try wallet.open()
    let change = try await withClient(client) { client in
      ShownChange(agent, try await client.release(agent, by: try await client.signatory(own, did)))
    }
    output.print(change, text: "Released \(change.did) at height \(change.height).")
  }
}

/// An isolation, for people and programs.
struct ShownIsolation: Encodable {
  let sinceMs: UInt64
  let sinceHeight: UInt64
  let untilMs: UInt64?
  let by: String
  let reason: String
  let releasedMs: UInt64?
  let releasedBy: String?

  init(_ isolation: IsolationRecord) {
    (sinceMs, sinceHeight, untilMs) = (isolation.sinceMilliseconds, isolation.sinceHeight, isolation.untilMilliseconds)
    (by, reason) = (isolation.by.description, isolation.reason)
    (releasedMs, releasedBy) = (isolation.release?.milliseconds, isolation.release?.by.description)
  }

  /// Of one that is in force.
  var text: String {
    "since \(Output.time(sinceMs)), \(untilMs.map { "until \(Output.time($0))" } ?? "until it is released"), by \(by): \(reason)"
  }
}
