import ArgumentParser
import Testing

@testable import CairnCommand

@Suite("All commands")
struct CommandTreeTests {
  @Test("Every command explains itself, and its options do not contradict each other")
  func help() throws {
    var commands: [(path: [String], type: any ParsableCommand.Type)] = [([], Cairn.self)]
    var count = 0
    while let (path, type) = commands.popLast() {
      count += 1
      #expect(!type.configuration.abstract.isEmpty, "\(path)")
      // What the arguments of a command contradict, ArgumentParser says only when it parses them.
      #expect(throws: (any Error).self) { try Cairn.parseAsRoot(path + ["--no-such-option"]) }
      #expect(!Cairn.helpMessage(for: type).isEmpty)
      for child in type.configuration.subcommands { commands.append((path + [child.configuration.commandName ?? ""], child)) }
    }
    #expect(count > 25)
  }

  @Test("The version names product, protocol and build, and is no failure")
  func version() async throws {
    let result = try await Workspace().cairn("--version")
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("cairn \(Version.product) (protocol 1, build "))
  }

  @Test("Wrong usage ends with exit code 2")
  func usage() async throws {
    let workspace = try Workspace()
    for arguments in [["frobnicate"], ["keys", "new"], ["keys", "show", "a", "--no-such-option"], ["devnet", "--nodes", "0"]] {
      let result = try await workspace.cairn(arguments)
      #expect(result.status == 2, "\(arguments)")
      #expect(!result.errors.isEmpty)
    }
    let failure = try await workspace.cairn("devnet", "--nodes", "0", "--json").failure()
    #expect(failure.error == "usage")
    #expect(failure.exitCode == 2)
  }
}
