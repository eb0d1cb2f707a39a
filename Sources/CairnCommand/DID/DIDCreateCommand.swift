import ArgumentParser
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct DIDCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create DIDs with new keys, in a new wallet.",
    discussion: """
      The wallet is written before anything is submitted. With --count a fleet is created in few transactions; with --controller the \
      submitter's DID may rotate and deactivate the new ones, and signs for them. When some cannot be created the others are all the \
      same, and the wallet keeps the keys of every DID that exists or may exist.
      """)

  @Argument(help: "The wallet to make.", completion: .file(extensions: ["keys"])) var wallet: String
  @Option(help: "How many DIDs.") var count = 1
  @Flag(help: "Make the submitter's DID the controller of the new ones.") var controller = false
  @OptionGroup var document: DocumentOptions
  @OptionGroup var submitter: SubmitterOptions
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var hashing: HashingOptions
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  /// Three keys each, within the limit of a key file.
  private static let countLimit = KeyFile.keyLimit / 3

  func validate() throws {
    guard (1...Self.countLimit).contains(count) else { throw ValidationError("--count is from 1 to \(Self.countLimit).") }
    guard submitter.submitter != nil else { throw ValidationError("Missing --submitter WALLET: only a registrar may create DIDs.") }
  }

  func run() async throws {
    try KeyFiles.requireAbsent(wallet)
    let changes = try document.changes()
    let secret = try passphrase.new(for: wallet)
    guard let registrar = try submitter.open(passphrase: secret) else { return }
    let failure = try await withClient(client) { client in
      let signatory = try await client.signatory(registrar)
      let identities = try identities(changes, controller: controller ? signatory.did : nil, network: client.network)
      try Wallet.create(wallet, identities, passphrase: secret, hashing: hashing.hashing)
      let items = identities.map { identity in
        FleetSubmission.Item(operation: identity.operation, keys: controller ? [] : [identity.updateKey])
      }
      let report = FleetReport(results: await FleetSubmission(client: client, submitter: signatory, label: "Creating").submit(items))
      try forget(report.refused, passphrase: secret)
      return report.print("Created", wallet: wallet, output)
    }
    if let failure { throw failure }
  }

  private func identities(
    _ changes: DocumentOptions.Changes, controller: CairnDID?, network: Digest
  ) throws(CommandFailure) -> [NewIdentity] {
    let bar = ProgressBar("Making keys")
    defer { bar.finish() }
    var identities: [NewIdentity] = []
    for number in 1...count {
      identities.append(try NewIdentity(document: changes, controller: controller, network: network))
      bar.update(UInt64(number), of: UInt64(count))
    }
    return identities
  }

  /// Keys of DIDs that certainly do not exist go; when none does, the wallet goes too.
  private func forget(_ refused: Set<CairnDID>, passphrase: [UInt8]) throws(CommandFailure) {
    guard !refused.isEmpty else { return }
    guard refused.count < count else {
      unlink(wallet)
      return
    }
    var kept = try Wallet.open(wallet, passphrase: passphrase, hashing: hashing.hashing)
    kept.remove(refused)
    try kept.save()
  }
}
