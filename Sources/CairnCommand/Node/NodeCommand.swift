import ArgumentParser
import Foundation

struct NodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Run a node, and look at it from its own host.",
    subcommands: [NodeRun.self, NodeCheckConfig.self, NodeStatus.self, NodePeers.self])
}

/// The settings of a node from the command line.
struct NodeOptions: ParsableArguments {
  @Option(help: "The configuration file, as genesis join makes it.", completion: .file(extensions: ["yaml"])) var config: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Set one value over file and environment, for example --set log.level=debug; several times for several.", valueName: "name=value"))
  var overrides: [String] = []

  func settings() throws(CommandFailure) -> NodeSettings {
    try NodeSettings(file: config, environment: ProcessInfo.processInfo.environment, overrides: overrides)
  }
}
