import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger
import Foundation

struct PolicyAuthorize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "authorize", abstract: "Whether an agent may do something, as a policy contract of the ledger says.",
    discussion: """
      Any node answers, and proves every row of the state that the decision looks at. The guards and the policies are evaluated here again: \
      a node that lies can refuse, and not grant. Exits with 1 when it is denied.
      """)

  @Argument(help: "The agent's DID.") var agent: String
  @OptionGroup var access: AccessOptions
  @OptionGroup var shown: ShownCredentialOptions
  @Option(help: "The challenge that presentations must answer.") var challenge: String?
  @Option(help: "Whom presentations must be meant for.") var audience: String?
  @Option(
    help: ArgumentHelp("The session file of an agent that is one of a batch, as session present makes it.", valueName: "file"),
    completion: .file())
  var session: String?
  @Option(help: "How old the state may be by which it is decided.") var maxAge = DurationArgument.seconds(10)
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let agent = try DIDArgument.parse(agent)
    let (claims, credentials) = (try access.claims(), try shown.read())
    let session = try session.map { path throws(CommandFailure) in try SessionFiles.readPresentation(path) }
    let authorization = try await withClient(client) { client in
      let request: AccessRequest
      do throws(AccessRefusal) {
        request = try AccessRequest(
          network: client.network, principal: agent, action: access.action, resource: access.resource, contract: access.contract,
          asserted: claims, credentials: credentials, challenge: challenge, audience: audience, session: session)
      } catch {
        throw CommandFailure(error)
      }
      return try await client.authorize(request, maximumAgeMilliseconds: UInt64(maxAge.milliseconds))
    }
    let decision = ShownDecision(authorization)
    output.print(decision, text: decision.text)
    if !decision.allowed { throw ExitCode(CommandFailure.Status.refused.rawValue) }
  }
}

/// A decision, for people and programs.
struct ShownDecision: Encodable {
  struct Reason: Encodable {
    let reason: String
    let message: String
  }

  struct Contract: Encodable {
    let name: String
    let version: UInt64
    let hash: String
    let overdue: Bool

    init(_ contract: AccessDecision.Contract) {
      (name, version, hash, overdue) = (contract.id, contract.version, contract.hash.description, contract.isOverdue)
    }

    var text: String { "\(name), version \(version)\(overdue ? ", its audit is OVERDUE" : "")" }
  }

  struct Proven: Encodable {
    let height: UInt64
    let time: String
    let rows: Int
  }

  let allowed: Bool
  let reasons: [Reason]
  let policies: [String]
  let failedPolicies: [String]
  let contract: Contract?
  let proven: Proven?

  init(_ authorization: Authorization) {
    let decision = authorization.decision
    allowed = decision.isAllowed
    reasons = decision.refusals.map { Reason(reason: $0.reason, message: $0.description) }
    (policies, failedPolicies) = (decision.policies, decision.failedPolicies)
    contract = decision.contract.map(Contract.init)
    proven = authorization.header.map {
      Proven(height: $0.header.height, time: Output.time($0.header.timeMilliseconds), rows: authorization.rowCount)
    }
  }

  var text: String {
    var rows: [(String, String)] = [(allowed ? "allowed" : "DENIED", policies.isEmpty ? "" : "by \(policies.joined(separator: ", "))")]
    rows += reasons.map { ("because", "\($0.message) (\($0.reason))") }
    if !failedPolicies.isEmpty { rows.append(("without value", failedPolicies.joined(separator: ", "))) }
    if let contract { rows.append(("contract", contract.text)) }
    if let proven { rows.append(("proven", "by \(proven.rows) rows at height \(proven.height), of \(proven.time), and decided here")) }
    return Output.table(rows)
  }
}
