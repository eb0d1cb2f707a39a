import ArgumentParser
import CairnClient
import CairnIdentity
import CairnLedger

struct DIDUpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change the document of a DID.",
    discussion: "A service or method takes the place of the one with its fragment; what is not named stays.")

  @OptionGroup var wallet: WalletOptions
  @Option(help: "The DID, when the wallet has keys of several.") var did: String?
  @OptionGroup var document: DocumentOptions
  @Option(name: .customLong("remove"), help: "Fragment of a service or method, or URI of an alias, to remove; several times for several.")
  var removed: [String] = []
  @OptionGroup var submitter: SubmitterOptions
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let changes = try document.changes()
    guard !changes.isEmpty || !removed.isEmpty else {
      throw CommandFailure.usage("nothing_to_do", "Nothing changes: give --service, --method, --also-known-as or --remove.")
    }
    let own = try wallet.open()
    let other = try submitter.open(passphrase: own.passphrase)
    let change = try await withClient(client) { client in
      let did = try own.did(did, network: client.network)
      let current = try await client.current(did)
      let keys = try own.updateKeys(of: current.record.control, did: did)
      let document = try changes.applied(to: try remove(from: current.record.document.document))
      let by = try await other.asyncMap { try await client.signatory($0) }
      return ShownChange(did, try await client.update(did, document: document, keys: keys, by: by))
    }
    output.print(change, text: "Updated \(change.did) at height \(change.height).")
  }

  private func remove(from document: DIDDocument) throws(CommandFailure) -> DIDDocument {
    var document = document
    for name in removed {
      let before = document
      document.verificationMethods.removeAll { $0.fragment == name }
      document.services.removeAll { $0.fragment == name }
      document.alsoKnownAs.removeAll { $0 == name }
      guard document != before else {
        throw .refused("nothing_to_remove", "The document has no service, method or alias \(name): look at it with did resolve.")
      }
    }
    return document
  }
}

extension Optional {
  func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
    guard let self else { return nil }
    return try await transform(self)
  }
}
