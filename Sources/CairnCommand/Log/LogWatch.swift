import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct LogWatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Watch the log: every block as it becomes final, verified.",
    discussion: """
      Each block is proven to be final and to follow the one before it, with every transaction in its place, before it is shown. When a \
      node fails or lies, another one is asked for the next block. With --kind, --did or --issuer only blocks with a matching transaction \
      are shown; the node chooses them, and could leave one out unnoticed. Without them it could not. A block with which the audit of a \
      contract is overdue says so: of the contracts that --contract names, otherwise of those that were seen to change; the date and the \
      block follow from proofs. With --json each block is one line. Ends with Ctrl-C.
      """)

  @Option(help: ArgumentHelp("Begin after this block; otherwise with the next one.", valueName: "height")) var after: UInt64?
  @Option(
    name: .customLong("kind"),
    help: ArgumentHelp(
      "Only operations of this kind, for example status_list_update; several times for several.", valueName: "kind"),
    completion: .list(OperationSubject.kinds.sorted()))
  var kinds: [String] = []
  @Option(
    name: .customLong("did"),
    help: ArgumentHelp("Only operations that create or change this DID; several times for several.", valueName: "did"))
  var dids: [String] = []
  @Option(
    name: .customLong("issuer"),
    help: ArgumentHelp(
      "Only operations on status lists of this issuer, or session batches of this controller; several times for several.", valueName: "did")
  )
  var issuers: [String] = []
  @Option(
    name: .customLong("contract"),
    help: ArgumentHelp("Only operations on the contract of this name; several times for several.", valueName: "name"))
  var contracts: [String] = []
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    for kind in kinds where !OperationSubject.kinds.contains(kind) {
      let nearest = NearestName.nearest(to: kind, in: OperationSubject.kinds.sorted()).map { " Did you mean \($0)?" } ?? ""
      throw ValidationError("There is no operation of the kind \(kind).\(nearest)")
    }
    for did in dids + issuers where (try? CairnDID(parsing: did)) == nil {
      throw ValidationError("\(did) is not a DID of this ledger: check that it is complete.")
    }
    for contract in contracts where ContractID(contract) == nil {
      throw ValidationError("\(contract) is not the name of a contract: 1 to \(ContractID.byteLimit) of a-z, 0-9 and -.")
    }
  }

  func run() async throws {
    let stop = StopSignal()
    let client = try client.client()
    let watching = Task { try await watch(client) }
    Task {
      await stop.wait()
      watching.cancel()
    }
    let result = await watching.result
    await client.close()
    guard case .failure(let error) = result, !stop.isStopped else { return }
    if let error = error as? CairnError { throw ClientSentence.failure(error) }
    throw error
  }

  private func watch(_ client: CairnClient) async throws {
    let filter = EventFilter(kinds: Set(kinds), dids: Set(dids), issuers: Set(issuers), contracts: Set(contracts))
    let named = contracts.compactMap { ContractID($0) }
    var audits = AuditWatch(client, contracts: named.isEmpty ? nil : named)
    for try await block in client.events(after: after.map { EventPosition(height: $0) }, filter: filter) {
      let overdue = try await audits.overdue(with: block)
      guard filter.isEmpty || !block.transactions.isEmpty || !overdue.isEmpty else { continue }
      let shown = ShownBlock(block, overdue)
      let line = (output.isJSON ? Output.json(shown) : shown.text) + "\n"
      // Nobody reads any more: that is an end like another.
      guard (try? FileHandle.standardOutput.write(contentsOf: Data(line.utf8))) != nil else { return }
    }
  }
}

/// A block as it was seen, for people and programs.
struct ShownBlock: Encodable {
  struct Entry: Encodable {
    let index: UInt64
    let transaction: ShownTransaction
  }

  let height: UInt64
  let timeMs: UInt64
  let digest: String
  let logSize: UInt64
  let proposer: UInt32
  let transactions: [Entry]
  /// Left out because of the filter.
  let omitted: Int
  /// Contracts whose audit is overdue from this block on.
  let auditOverdue: [String]

  init(_ block: FinalizedBlock, _ overdue: [OverdueAudit] = []) {
    height = block.header.height
    timeMs = block.header.timeMilliseconds
    digest = block.header.digest.description
    logSize = block.header.logSize
    proposer = block.header.proposer
    transactions = block.transactions.map { Entry(index: $0.index, transaction: ShownTransaction($0.transaction)) }
    omitted = block.omittedCount
    auditOverdue = overdue.map(\.contract.name)
  }

  /// One line for the block, one for each of its operations.
  var text: String {
    var line = "\(Output.time(timeMs))  block \(height)"
    switch transactions.count {
    case 0: line += "  empty"
    case 1: line += "  1 transaction"
    default: line += "  \(transactions.count) transactions"
    }
    if omitted > 0 { line += ", \(omitted) others" }
    let operations = transactions.flatMap { entry in
      entry.transaction.operations.map { "  \(entry.index)  \($0.operation)  \($0.subject)" }
    }
    return ([line] + operations + auditOverdue.map { "  audit overdue  \($0)" }).joined(separator: "\n")
  }
}
