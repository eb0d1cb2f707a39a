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
      submitter's DID may rotate and deactivate the new ones, and signs for them.
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
  /// Each DID without controller adds a signature to the transaction, beside the submitter's own.
  private static let selfControlledPerTransaction = 32
  /// Bytes of operations in one transaction; the rest is for signatures and framing.
  private static let operationByteLimit = 48 << 10

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
      var identities: [NewIdentity] = []
      for _ in 0..<count {
        identities.append(try NewIdentity(document: changes, controller: controller ? signatory.did : nil, network: client.network))
      }
      let transactions = try await transactions(creating: identities, client, signatory)
      try Wallet.create(wallet, identities, passphrase: secret, hashing: hashing.hashing)
      return report(try await client.submit(transactions), of: transactions)
    }
    if let failure { throw failure }
  }

  /// As few transactions as the limits allow.
  private func transactions(
    creating identities: [NewIdentity], _ client: CairnClient, _ registrar: Signatory
  ) async throws -> [Transaction] {
    let limit = controller ? Transaction.operationLimit : Self.selfControlledPerTransaction
    var batches: [[NewIdentity]] = []
    var byteCount = 0
    for identity in identities {
      let operation = identity.operation.bytes.count
      if let last = batches.last, last.count < limit, byteCount + operation <= Self.operationByteLimit {
        batches[batches.count - 1].append(identity)
        byteCount += operation
      } else {
        batches.append([identity])
        byteCount = operation
      }
    }
    var transactions: [Transaction] = []
    for batch in batches {
      let keys = controller ? [] : batch.map(\.updateKey)
      transactions.append(try await client.transaction(of: batch.map(\.operation), keys: keys, by: registrar))
    }
    return transactions
  }

  /// Prints what was created, and returns the first failure. When it is certain that nothing was created, the wallet goes too.
  private func report(_ outcomes: [SubmitOutcome], of transactions: [Transaction]) -> CommandFailure? {
    var failures: [CommandFailure] = []
    for (outcome, transaction) in zip(outcomes, transactions) {
      switch outcome {
      case .final(let receipt):
        for change in transaction.operations.map({ ShownChange($0.did, receipt, wallet: wallet) }) {
          output.print(change, text: "Created \(change.did) at height \(change.height); its keys are in \(wallet).")
        }
      case .refused(let refusal): failures.append(ClientSentence.failure(.refused(refusal)))
      case .accepted: failures.append(ClientSentence.failure(.undecided(transactions: [transaction.id], [])))
      case .undecided(let problems): failures.append(ClientSentence.failure(.undecided(transactions: [transaction.id], problems)))
      }
    }
    if failures.count == transactions.count, failures.allSatisfy({ $0.status == .refused }) { unlink(wallet) }
    return failures.first
  }
}
