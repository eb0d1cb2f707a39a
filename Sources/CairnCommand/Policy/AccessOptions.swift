import ArgumentParser
import CairnIdentity
import CairnLedger
import CairnPolicy
import Foundation

/// What an agent wants to do, from the command line.
struct AccessOptions: ParsableArguments {
  @Argument(help: "What is to be done: an action of the contract, for example tool:search.") var action: String
  @Argument(help: "To what: the id of a resource, for example staging/shop.") var resource: String
  @Option(help: "The policy contract that decides.") var contract: String
  @Option(
    help: ArgumentHelp("What is merely claimed: an object in JSON, or @FILE.", valueName: "json"), completion: .file())
  var asserted: String?

  /// Compact, so that equal claims are equal bytes.
  func claims() throws(CommandFailure) -> [UInt8] {
    guard let asserted else { return [] }
    let bytes =
      asserted.hasPrefix("@")
      ? try Files.read(String(asserted.dropFirst()), "file of claims", limit: AccessRequest.assertedByteLimit + 1) : Array(asserted.utf8)
    do throws(CedarJSONError) {
      return Array(try CedarJSON(parsing: bytes).text().utf8)
    } catch {
      throw .refused(error.reason.rawValue, "What is claimed is not JSON: \(error).")
    }
  }
}

/// What an agent shows, from the command line.
struct ShownCredentialOptions: ParsableArguments {
  @Option(
    name: .customLong("credential"),
    help: ArgumentHelp("A credential or presentation that is shown; several times for several.", valueName: "file"), completion: .file())
  var files: [String] = []

  func read() throws(CommandFailure) -> [[UInt8]] {
    var documents: [[UInt8]] = []
    for file in files { documents.append(try CredentialFiles.read(file)) }
    return documents
  }
}

extension CommandFailure {
  init(_ refusal: AccessRefusal) { self = .refused(refusal.reason, refusal.description) }
}
