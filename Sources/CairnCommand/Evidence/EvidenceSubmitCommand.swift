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

  /// A transaction has 60 KiB, and a fault takes some 320 bytes of it: so many leave room for the signatures of an operator.
  static let faultsPerTransaction = 160

  private struct Submitted: Encodable {
    struct Part: Encodable {
      let transaction: String
      /// Log index of the transaction.
      let index: UInt64
      let height: UInt64
    }
    let transactions: [Part]
    let faults: [ShownEvidence]
  }

  /// What goes into each transaction, in order.
  static func parts(of faults: [Evidence]) -> [[Evidence]] {
    stride(from: 0, to: faults.count, by: faultsPerTransaction).map { start in
      Array(faults[start..<min(start + faultsPerTransaction, faults.count)])
    }
  }

  func run() async throws {
    let evidence = try EvidenceFiles.read(file)
    let first = Dictionary(evidence.evidence.map { ($0.stateKey, $0) }, uniquingKeysWith: { first, _ in first })
    let faults = evidence.evidence.filter { first[$0.stateKey] == $0 }
    let own = try wallet.open()
    let receipts = try await withClient(client) { client in
      guard evidence.network == client.network else {
        throw CommandFailure.refused("wrong_network", "\(file) is about another network than the trust anchor.")
      }
      let signatory = try await client.signatory(own, did)
      var receipts: [Receipt] = []
      for part in Self.parts(of: faults) { receipts.append(try await client.submit(part, by: signatory)) }
      return receipts
    }
    let shown = faults.map { ShownEvidence($0, name: nil) }
    let parts = receipts.map { receipt in
      Submitted.Part(transaction: receipt.transactionID.description, index: receipt.index, height: receipt.header.header.height)
    }
    output.print(
      Submitted(transactions: parts, faults: shown),
      text: "Put \(shown.count) proven \(shown.count == 1 ? "fault" : "faults") on record at height \(parts.last?.height ?? 0).")
  }
}
