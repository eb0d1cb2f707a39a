import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger

struct EvidenceSubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Put the faults in an evidence file on the ledger, for ever.",
    discussion: """
      The ledger keeps the first fault of each validator in each epoch. The wallet's DID must be an operator. What follows from it is for the \
      trustees to decide: cairn governance propose.
      """)

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The evidence file, as evidence export writes it.", completion: .file()) var file: String
  @Option(help: "The operator, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Submitted: Encodable {
    let transaction: String
    /// Log index of the transaction.
    let index: UInt64
    let height: UInt64
    let faults: [ShownEvidence]
  }

  func run() async throws {
    let evidence = try EvidenceFiles.read(file)
    let first = Dictionary(evidence.evidence.map { ($0.stateKey, $0) }, uniquingKeysWith: { first, _ in first })
    let faults = evidence.evidence.filter { first[$0.stateKey] == $0 }
    let own = try wallet.open()
    let receipt = try await withClient(client) { client in
      guard evidence.network == client.network else {
        throw CommandFailure.refused("wrong_network", "\(file) is about another network than the trust anchor.")
      }
      return try await client.submit(faults, by: try await client.signatory(own, did))
    }
    let shown = faults.map { ShownEvidence($0, name: nil) }
    let height = receipt.header.header.height
    output.print(
      Submitted(transaction: receipt.transactionID.description, index: receipt.index, height: height, faults: shown),
      text: "Put \(shown.count) proven \(shown.count == 1 ? "fault" : "faults") on record at height \(height).")
  }
}
