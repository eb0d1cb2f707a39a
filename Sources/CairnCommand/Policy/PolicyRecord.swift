import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct PolicyRecord: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Have a block decide what an agent may do, and keep the decision.",
    discussion: """
      The request is signed with the agent's key #key-1. The receipt is good for a minute at most and is checked with policy receipt. \
      Exits with 1 when it is denied: by a guard, which leaves nothing in the log, or by the policies, whose decision is recorded.
      """)

  @OptionGroup var wallet: WalletOptions
  @OptionGroup var access: AccessOptions
  @OptionGroup var shown: ShownCredentialOptions
  @Option(help: "The agent, when the wallet has keys of several DIDs.") var did: String?
  @Option(help: "For how long the decision shall be good; a minute at most.") var validFor = DurationArgument.seconds(60)
  @OptionGroup var submitter: SubmitterOptions
  @Option(name: [.customLong("output"), .customShort("o")], help: "The file for the receipt.", completion: .file()) var path: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...Int64(AccessRequest.validityLimitMilliseconds)).contains(validFor.milliseconds) else {
      throw ValidationError("--valid-for is a minute at most.")
    }
  }

  func run() async throws {
    let own = try wallet.open()
    let (claims, credentials) = (try access.claims(), try shown.read())
    let other = try submitter.open(passphrase: own.passphrase)
    let receipt = try await withClient(client) { client in
      let agent = try own.did(did, network: client.network)
      let request = try client.recordableRequest(
        agent, access.action, on: access.resource, contract: access.contract, credentials: credentials, asserted: claims,
        validityMilliseconds: UInt32(validFor.milliseconds))
      let signatory = if let other { try await client.signatory(other) } else { try await client.signatory(own, agent.description) }
      return try await client.record(request, signature: request.signature(by: try own.documentKey(agent)), by: signatory)
    }
    if let path { try Files.create(path, "receipt", receipt.bytes) }
    let decision = ShownReceipt(receipt.record, file: path)
    output.print(decision, text: decision.text)
    if !decision.allowed { throw ExitCode(CommandFailure.Status.refused.rawValue) }
  }
}

struct PolicyReceipt: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipt", abstract: "Check the receipt of a recorded decision, without a network.",
    discussion: """
      The trust anchor is all that is needed. Whoever shows the receipt has still to prove to have the key that is printed, which a tool \
      server asks for with a challenge.
      """)

  @Argument(help: "The file of the receipt.", completion: .file()) var file: String
  @OptionGroup var access: AccessOptions
  @Option(help: "The oldest version of the contract that will do.") var oldestVersion: UInt64 = 1
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let anchor = try client.trust.trustAnchor()
    let bytes = try Files.read(file, "receipt", limit: AccessReceipt.byteLimit + 1)
    let claims = try access.claims()
    do throws(AccessReceiptError) {
      let receipt = try AccessReceipt(decoding: bytes)
      let demand = AccessReceipt.Demand(
        action: access.action, resource: access.resource, contract: access.contract, oldestVersion: oldestVersion, asserted: claims,
        bearer: .key(receipt.record.key))
      try receipt.verify(demand, anchor: anchor, now: UInt64(max(0, Timestamp.now.milliseconds)))
      let decision = ShownReceipt(receipt.record, file: nil)
      output.print(decision, text: decision.text)
    } catch {
      throw CommandFailure.refused(error.reason, "\(file): \(error)")
    }
  }
}

/// A recorded decision, for people and programs.
struct ShownReceipt: Encodable {
  let allowed: Bool
  let reasons: [String]
  let policies: [String]
  let agent: String
  let key: String
  let request: String
  let contract: ShownDecision.Contract
  let height: UInt64
  let expires: String
  let file: String?

  init(_ record: RecordedAccess, file: String?) {
    (allowed, reasons, policies) = (record.isAllowed, record.reasons, record.policies)
    (agent, request) = (record.principal.description, record.request.description)
    key = Multikey(record.key).multibase
    contract = ShownDecision.Contract(record.contract)
    (height, expires, self.file) = (record.moment.height, Output.time(record.expiresMilliseconds), file)
  }

  var text: String {
    var rows: [(String, String)] = [(allowed ? "allowed" : "DENIED", policies.isEmpty ? "" : "by \(policies.joined(separator: ", "))")]
    rows += reasons.map { ("because", $0) }
    rows += [
      ("agent", agent), ("key", key), ("contract", contract.text), ("recorded", "at height \(height)"), ("good until", expires),
    ]
    if let file { rows.append(("receipt", file)) }
    return Output.table(rows)
  }
}
