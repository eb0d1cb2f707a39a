import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct StatusListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status-list", abstract: "Make, look at and publish the status lists of an issuer.",
    discussion: """
      A list has a bit for each credential that names it. Anybody can have a single bit proven. Signed copies, in the formats of W3C and \
      IETF, are for verifiers that do not know this ledger.
      """,
    subcommands: [StatusListCreateCommand.self, StatusListShow.self, StatusListDelegateCommand.self, StatusListRefresh.self])
}

struct StatusListCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a status list; the wallet's DID must have the role of an issuer.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The list's name: lowercase letters, digits and hyphens.") var name: String
  @Option(help: "The issuer, when the wallet has keys of several DIDs.") var did: String?
  @Option(help: "What a set bit says: \(StatusListPurpose.allCases.map(\.name).joined(separator: ", ")).") var purpose = "revocation"
  @Option(help: "How many credentials it has room for.") var length = StatusList.lengths.lowerBound
  @Option(name: .customLong("revoker"), help: "A DID that may set and clear bits, too; several times for several.")
  var revokers: [String] = []
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard StatusList.lengths.contains(length) else {
      throw ValidationError("--length is from \(StatusList.lengths.lowerBound) to \(StatusList.lengths.upperBound).")
    }
    guard StatusListPurpose(name: purpose) != nil else {
      let nearest = NearestName.nearest(to: purpose, in: StatusListPurpose.allCases.map(\.name)) ?? ""
      throw ValidationError("--purpose \(purpose) is unknown: did you mean \(nearest)?")
    }
  }

  func run() async throws {
    guard let purpose = StatusListPurpose(name: purpose) else { return }
    let revokers = try DIDArgument.parse(revokers)
    let own = try wallet.open()
    let change = try await withClient(client) { client in
      let issuer = try await client.signatory(own, did)
      let list = try StatusListArgument.parse(name, of: issuer.did)
      let receipt = try await client.createStatusList(list, purpose: purpose, length: length, revokers: revokers, by: issuer)
      return ShownListChange(list, receipt)
    }
    output.print(change, text: "Made \(change.list) at height \(change.height).")
  }
}

struct StatusListShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a status list with its set bits, every one proven.")

  @Argument(help: "The list: <did>/status/NAME, <did>/sessions/HEX, or a URL of it.") var list: String
  @Option(help: "At this time instead of now: 2026-01-31T12:00:00Z, or Unix milliseconds.") var at: MomentArgument?
  @Flag(help: "Print the indices of the set bits alone, one a line.") var indices = false
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let list: String
    let purpose: String
    let length: UInt32
    let createdMs: UInt64
    let createdHeight: UInt64
    let revokers: [String]
    let setIndices: [UInt32]
    let sessionsExpireMs: UInt64?
    let provenAtHeight: UInt64
  }

  private static let shownIndexLimit = 20

  func run() async throws {
    let wanted = try StatusListArgument.parse(list, of: nil)
    let moment = at.map { StatusMoment.time(milliseconds: UInt64(max(0, $0.timestamp.milliseconds))) } ?? .now
    let resolution = try await withClient(client) { try await $0.statusList(wanted, at: moment) }
    let record = resolution.bits.list
    let shown = Shown(
      list: record.list.description, purpose: record.purpose.name, length: record.length, createdMs: record.createdMilliseconds,
      createdHeight: record.createdHeight, revokers: record.revokers.map(\.description), setIndices: resolution.bits.setIndices,
      sessionsExpireMs: record.sessions?.expiresMilliseconds, provenAtHeight: resolution.header.header.height)
    if indices, !output.isJSON {
      for index in shown.setIndices { Output.write("\(index)\n", to: .standardOutput) }
    } else {
      output.print(shown, text: Self.text(shown))
    }
  }

  private static func text(_ shown: Shown) -> String {
    var rows = [
      ("list", shown.list), ("purpose", shown.purpose), ("length", "\(shown.length)"),
      ("made", "\(Output.time(shown.createdMs)), height \(shown.createdHeight)"),
    ]
    rows += shown.revokers.map { ("revoker", $0) }
    if let end = shown.sessionsExpireMs { rows.append(("sessions", "until \(Output.time(end))")) }
    let first = shown.setIndices.prefix(shownIndexLimit).map(String.init).joined(separator: ", ")
    let rest = shown.setIndices.count > shownIndexLimit ? ", …" : ""
    rows.append(("set", shown.setIndices.isEmpty ? "none" : "\(shown.setIndices.count): \(first)\(rest)"))
    rows.append(("proven", "at height \(shown.provenAtHeight)"))
    return Output.table(rows)
  }
}

struct StatusListDelegateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delegate", abstract: "Say who may set and clear bits beside the issuer; replaces those that were named before.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The list, by name or in full.") var list: String
  @Option(name: .customLong("revoker"), help: "A DID; several times for several, none to take the right back.") var revokers: [String] = []
  @Option(help: "The issuer, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let revokers = try DIDArgument.parse(revokers)
    let own = try wallet.open()
    let change = try await withClient(client) { client in
      let issuer = try await client.signatory(own, did)
      let list = try StatusListArgument.parse(list, of: issuer.did)
      return ShownListChange(list, try await client.delegateStatusList(list, to: revokers, by: issuer))
    }
    output.print(change, text: "\(revokers.count) DIDs may change \(change.list) beside its issuer, from height \(change.height) on.")
  }
}

struct StatusListRefresh: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh", abstract: "Sign a status list as it is now, in both standard formats, and hand it to the nodes.",
    discussion: """
      Signed with the issuer's key #key-1, and published to every endpoint that is named with --endpoint; a node serves it while it says \
      what the ledger says. Run it after a revocation, and once a day.
      """)

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The list, by name or in full.") var list: String
  @Option(help: "The issuer, when the wallet has keys of several DIDs.") var did: String?
  @Option(help: "Where a node serves the lists, as credentials name it, for example https://node.example.") var statusBase: String?
  @Option(help: "For how long the signed copies hold.") var validFor = DurationArgument.days(1)
  @Option(help: "Write the Bitstring Status List credential here.", completion: .file()) var credentialOut: String?
  @Option(help: "Write the Token Status List token here.", completion: .file()) var tokenOut: String?
  @Flag(help: "Do not hand it to any node.") var noPublish = false
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    struct Node: Encodable {
      let endpoint: String
      let isPublished: Bool
      let problem: String?
    }

    let list: String
    let setCount: Int
    let provenAtHeight: UInt64
    let nodes: [Node]
  }

  func run() async throws {
    let own = try wallet.open()
    let (shown, failure) = try await withClient(client) { client in
      let issuer = try own.did(did, network: client.network)
      let list = try StatusListArgument.parse(list, of: issuer)
      let resolution = try await client.statusList(list)
      let signed = try sign(resolution, try own.signer(issuer))
      if let credentialOut { try Files.create(credentialOut, "status list credential", signed.credential) }
      if let tokenOut { try Files.create(tokenOut, "status list token", signed.token) }
      let (nodes, failure) = noPublish ? ([], nil) : await publish(signed, client)
      let shown = Shown(
        list: list.description, setCount: resolution.bits.setIndices.count, provenAtHeight: resolution.header.header.height, nodes: nodes)
      return (shown, failure)
    }
    let nodes = shown.nodes.map { ("node", $0.isPublished ? "\($0.endpoint) took it" : "\($0.endpoint) did not: \($0.problem ?? "")") }
    output.print(
      shown,
      text: Output.table([("list", shown.list), ("set", "\(shown.setCount)"), ("proven", "at height \(shown.provenAtHeight)")] + nodes))
    if let failure { throw failure }
  }

  private func sign(_ resolution: StatusListResolution, _ signer: CredentialSigner) throws(CommandFailure) -> SignedStatusList {
    let base = statusBase.map { resolution.bits.list.list.url(base: $0) }
    do {
      return try SignedStatusList(
        resolution, url: base, lifetimeMilliseconds: validFor.milliseconds, by: signer)
    } catch {
      throw CredentialFiles.failure(error)
    }
  }

  /// Each node keeps its own copy.
  private func publish(_ signed: SignedStatusList, _ client: CairnClient) async -> ([Shown.Node], CommandFailure?) {
    var nodes: [Shown.Node] = []
    var failure: CommandFailure?
    for endpoint in client.endpoints.map(\.endpoint) {
      do throws(CairnError) {
        try await client.publish(signed, to: endpoint)
        nodes.append(Shown.Node(endpoint: "\(endpoint)", isPublished: true, problem: nil))
      } catch {
        failure = failure ?? ClientSentence.failure(error)
        nodes.append(Shown.Node(endpoint: "\(endpoint)", isPublished: false, problem: error.description))
      }
    }
    return (nodes, failure)
  }
}

/// What became of a status list, for people and programs.
struct ShownListChange: Encodable {
  let list: String
  let transaction: String
  let height: UInt64

  init(_ list: StatusListID, _ receipt: Receipt) {
    self.list = list.description
    transaction = receipt.transactionID.description
    height = receipt.header.header.height
  }
}
