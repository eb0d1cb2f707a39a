import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import Foundation

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Read the log: checkpoints, entries, their proofs, and what is added.",
    subcommands: [LogCheckpoint.self, LogGet.self, LogProve.self, LogWatch.self])
}

struct LogCheckpoint: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "checkpoint", abstract: "Show the newest final block, verified.")

  @Option(
    name: .customLong("write-anchor"), help: "Write a trust anchor at this block, for clients that start from here.", completion: .file())
  var anchor: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let (header, validators) = try await withClient(client) { client in
      let certified = try await client.checkpoint()
      return (certified.header, client.validators(of: certified))
    }
    if let path = anchor, let validators {
      let new = TrustAnchor(
        network: header.network, epoch: header.epoch, height: header.height, digest: header.digest, validators: validators)
      try Files.create(path, "trust anchor", new.fileBytes)
    }
    let shown = ShownHeader(header)
    output.print(shown, text: shown.text)
  }
}

struct LogGet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Get one entry of the log, by its index or a transaction's id, verified.")

  @Argument(help: "Index of the entry, or id of a transaction in hexadecimal.") var entry: String
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let index: UInt64
    let kind: String
    let bytes: String
    let provenAtHeight: UInt64
    let header: ShownHeader?
    let transaction: ShownTransaction?
  }

  func run() async throws {
    let proven = try await withClient(client) { try await LogEntryArgument.get(entry, $0) }
    let shown = Shown(
      index: proven.index, kind: proven.kind, bytes: Hex.encode(proven.entry.bytes), provenAtHeight: proven.header.header.height,
      header: proven.blockHeader.map(ShownHeader.init), transaction: proven.transaction.map(ShownTransaction.init))
    let details = shown.header?.text ?? shown.transaction?.text ?? ""
    output.print(
      shown,
      text: Output.table([("entry", "\(shown.index), a \(shown.kind)"), ("proven", "at height \(shown.provenAtHeight)")]) + "\n" + details)
  }
}

struct LogProve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove", abstract: "Prove that an entry stands in the log: entry, path and the header whose root it leads to (RFC 6962).")

  @Argument(help: "Index of the entry, or id of a transaction in hexadecimal.") var entry: String
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let index: UInt64
    let entry: String
    let leafHash: String
    let path: [String]
    let logSize: UInt64
    let logRoot: String
    let header: String
    let height: UInt64
  }

  func run() async throws {
    let proven = try await withClient(client) { try await LogEntryArgument.get(entry, $0) }
    let header = proven.header.header
    let shown = Shown(
      index: proven.index, entry: Hex.encode(proven.entry.bytes), leafHash: proven.entry.leafHash.description,
      path: proven.proof.proof.path.map(\.description), logSize: header.logSize, logRoot: header.logRoot.description,
      header: Hex.encode(header.bytes), height: header.height)
    output.print(
      shown,
      text: Output.table(
        [
          ("entry", "\(shown.index)"), ("leaf", shown.leafHash), ("log", "\(shown.logSize) entries, root \(shown.logRoot)"),
          ("proven", "by the final block at height \(shown.height)"),
        ] + shown.path.map { ("path", $0) }))
  }
}

enum LogEntryArgument {
  /// By log index or transaction id.
  static func get(_ text: String, _ client: CairnClient) async throws -> ProvenEntry {
    if let index = UInt64(text) { return try await client.entry(index) }
    guard let id = Digest(hex: text) else {
      throw CommandFailure.usage("bad_value", "\(text) is neither the index of an entry nor the id of a transaction.")
    }
    return try await client.entry(try await client.transaction(id).index)
  }
}

extension ProvenEntry {
  var kind: String {
    if case .header = entry { "header" } else { "transaction" }
  }

  var blockHeader: Header? {
    if case .header(let bytes) = entry { try? Header(decoding: bytes) } else { nil }
  }

  var transaction: Transaction? {
    if case .transaction(let bytes) = entry { try? Transaction(decoding: bytes, network: header.header.network) } else { nil }
  }
}

/// A block's header for people and programs.
struct ShownHeader: Encodable {
  let height: UInt64
  let epoch: UInt64
  let view: UInt64
  let timeMs: UInt64
  let digest: String
  let parent: String
  let logSize: UInt64
  let logRoot: String
  let stateRoot: String
  let proposer: UInt32

  init(_ header: Header) {
    height = header.height
    epoch = header.epoch
    view = header.view
    timeMs = header.timeMilliseconds
    digest = header.digest.description
    parent = header.parent.description
    logSize = header.logSize
    logRoot = header.logRoot.description
    stateRoot = header.stateRoot.description
    proposer = header.proposer
  }

  var text: String {
    Output.table([
      ("height", "\(height), epoch \(epoch), view \(view), proposer \(proposer)"), ("time", Output.time(timeMs)), ("digest", digest),
      ("log", "\(logSize) entries before this header, root \(logRoot)"), ("state", "root \(stateRoot)"),
    ])
  }
}

/// A transaction for people and programs.
struct ShownTransaction: Encodable {
  struct ShownOperation: Encodable {
    let operation: String
    let did: String?
    let contract: String?

    /// What the operation is about, for people.
    var subject: String { did ?? contract ?? "" }
  }
  let id: String
  let submitter: String
  let notAfterHeight: UInt64
  let signatures: Int
  let operations: [ShownOperation]

  init(_ transaction: Transaction) {
    id = transaction.id.description
    submitter = transaction.submitter.description
    notAfterHeight = transaction.notAfterHeight
    signatures = transaction.signatures.count
    operations = transaction.operations.map {
      ShownOperation(operation: $0.name, did: $0.did?.description, contract: $0.kind.contract?.name)
    }
  }

  var text: String {
    Output.table(
      [("transaction", id), ("submitter", submitter), ("signatures", "\(signatures)")] + operations.map { ($0.operation, $0.subject) })
  }
}
