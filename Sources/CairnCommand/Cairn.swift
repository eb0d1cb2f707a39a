import ArgumentParser

/// The one executable: a command for each thing that operators and users of a ledger do in a terminal.
struct Cairn: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cairn",
    abstract: "A permissioned ledger for decentralized identifiers, with answers that prove themselves.",
    discussion: """
      Exit codes: 0 done; 1 refused, or verification failed; 2 wrong usage; 3 unreachable or timed out. Every command takes --json for \
      programs: results are one JSON object on standard output, failures one on standard error.

      Shell completions: cairn --generate-completion-script bash|zsh|fish
      """,
    version: Version.text,
    subcommands: [
      DevnetCommand.self,
      GenesisCommand.self,
      KeysCommand.self,
      NodeCommand.self,
      SignerCommand.self,
      DIDCommand.self,
      AgentCommand.self,
      GovernanceCommand.self,
      CredentialCommand.self,
      StatusListCommand.self,
      SessionCommand.self,
      PolicyCommand.self,
      LogCommand.self,
      VerifyCommand.self,
      EvidenceCommand.self,
      FuzzCommand.self,
      BenchCommand.self,
      SimulateCommand.self,
    ])
}

@main
enum Main {
  static func main() async {
    do {
      var command = try Cairn.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      CommandExit.end(with: error, isJSON: CommandLine.arguments.contains("--json"))
    }
  }
}
