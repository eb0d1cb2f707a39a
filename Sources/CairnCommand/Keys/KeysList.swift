import ArgumentParser
import CairnCrypto
import Foundation

struct KeysList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the key files in a directory.")

  @Argument(help: "The directory.", completion: .directory) var directory = "."
  @OptionGroup var output: OutputOptions

  private struct Listed: Encodable {
    let file: String
    let keys: Int
    let names: [String]
  }

  private static let shownNameLimit = 4

  func run() throws {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted() } catch {
      throw CommandFailure.refused("unreadable_directory", "The directory \(directory) cannot be read: check the path.")
    }
    var files: [Listed] = []
    for name in names where name.hasSuffix(".keys") {
      let keys = try KeyFiles.load(directory + "/" + name)
      files.append(Listed(file: name, keys: keys.entries.count, names: keys.entries.map(\.name)))
    }
    if files.isEmpty, !output.isJSON {
      return Output.write("No key files (*.keys) in \(directory).\n", to: .standardOutput)
    }
    output.print(files, text: Output.table(files.map { ($0.file, Self.summary($0)) }))
  }

  private static func summary(_ file: Listed) -> String {
    let shown = file.names.prefix(shownNameLimit).joined(separator: ", ")
    return "\(file.keys) keys: \(shown)" + (file.names.count > shownNameLimit ? ", …" : "")
  }
}
