import ArgumentParser

struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Check Cedar policies, and measure how this implementation of Cedar conforms.",
    discussion: "Works on files alone: no node is asked.", subcommands: [PolicyCheck.self, PolicyTestCorpus.self])
}
