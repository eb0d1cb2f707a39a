import ArgumentParser

struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Write policy contracts, put them on the ledger, watch over them, and ask what they allow.",
    discussion: "check, test and test-corpus work on files alone: no node is asked.",
    subcommands: [
      PolicyCheck.self, PolicyTestCommand.self, PolicyDeploy.self, PolicyUpgrade.self, PolicyShow.self, PolicyFreeze.self,
      PolicyUnfreeze.self, PolicyAttest.self, PolicyRetire.self, PolicyAuthorize.self, PolicyRecord.self, PolicyReceipt.self,
      PolicyTestCorpus.self,
    ])
}
