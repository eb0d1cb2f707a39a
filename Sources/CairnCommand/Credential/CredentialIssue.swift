import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct CredentialIssue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Say something about an agent, signed with the issuer's key #key-1.",
    discussion: """
      Verifiers expect a credential to name a revocation list: give --status-list. The index is drawn at random, and remembered in a \
      file beside the wallet so that it is not given twice.
      """)

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "DID of the agent.") var subject: String
  @Option(help: "The issuer, when the wallet has keys of several DIDs.") var did: String?
  @Option(help: "What the agent is.") var role: String?
  @Option(
    name: .customLong("permission"),
    help: ArgumentHelp("What the agent may do; several times for several.", valueName: "permission"))
  var permissions: [String] = []
  @Option(help: "How often the authority was handed on before it came to the agent.") var delegationDepth: Int64?
  @Option(help: "For how long, for example 30m or 4h.") var validFor = DurationArgument.hours(1)
  @Flag(help: "Allow more than 4 hours.") var longLived = false
  @Option(help: "The credential's own identifier, a URI.") var id: String?
  @Option(
    name: .customLong("status-list"),
    help: ArgumentHelp("A status list of the issuer, by name or in full; several times for several.", valueName: "list"))
  var lists: [String] = []
  @Option(help: "Where a node serves the lists, for verifiers that do not know this ledger, for example https://node.example.")
  var statusBase: String?
  @Option(help: "File that remembers which indices were given; one list's.", completion: .file()) var indexFile: String?
  @Option(help: "How it is secured: \(SecuringForm.allCases.map(\.rawValue).joined(separator: " or ")).")
  var form = SecuringForm.dataIntegrity
  @Option(name: [.customLong("output"), .customShort("o")], help: "The file to make; standard output otherwise.", completion: .file())
  var path: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if indexFile != nil, lists.count != 1 { throw ValidationError("--index-file goes with one --status-list.") }
  }

  private struct Shown: Encodable {
    struct Status: Encodable {
      let purpose: String
      let list: String
      let index: UInt64
    }

    let issuer: String
    let subject: String
    let validFrom: String
    let validUntil: String
    let statuses: [Status]
    let file: String?
    /// The credential, when it goes into no file.
    let credential: String?
  }

  func run() async throws {
    let agent: DID
    do { agent = try DID(parsing: subject) } catch {
      throw CommandFailure.usage("invalid_did", "\(subject) is not a DID (\(error.reason)).")
    }
    let own = try wallet.open()
    let (signer, statuses) = try await withClient(client) { client in
      let issuer = try own.did(did, network: client.network)
      var statuses: [CredentialStatusEntry] = []
      for list in lists { statuses.append(try await status(in: list, of: issuer, client)) }
      return (try own.signer(issuer), statuses)
    }
    let (credential, secured) = try make(agent, statuses, signer)
    if path != nil || !output.isJSON { try CredentialFiles.write(secured.bytes, "credential", to: path) }
    guard path != nil || output.isJSON else { return }
    let shown = Shown(
      issuer: credential.issuer.description, subject: credential.subject.description, validFrom: credential.validFrom.description,
      validUntil: credential.validUntil.description,
      statuses: statuses.map { Shown.Status(purpose: $0.purpose.name, list: $0.position.list.description, index: $0.position.index) },
      file: path, credential: path == nil ? String(decoding: secured.bytes, as: UTF8.self) : nil)
    output.print(shown, text: "Issued to \(shown.subject), valid until \(shown.validUntil): \(path ?? "").")
  }

  private func make(
    _ agent: DID, _ statuses: [CredentialStatusEntry], _ signer: CredentialSigner
  ) throws(CommandFailure) -> (AgentCredential, SecuredCredential) {
    let length = validFor.milliseconds
    // Whole seconds, as tokens have them; and none that is still to come.
    let now = Timestamp(milliseconds: Timestamp.now.milliseconds / 1_000 * 1_000)
    do {
      let credential = try AgentCredential(
        id: id, issuer: signer.did, subject: agent, role: role, permissions: permissions, delegationDepth: delegationDepth,
        validFrom: now, lifetime: longLived ? .long(milliseconds: length) : .milliseconds(length), statuses: statuses)
      return (credential, try form == .jwt ? credential.token(by: signer) : credential.secured(by: signer))
    } catch {
      throw CredentialFiles.failure(error)
    }
  }

  /// An index of the list that no credential has.
  private func status(in text: String, of issuer: CairnDID, _ client: CairnClient) async throws -> CredentialStatusEntry {
    let list = try StatusListArgument.parse(text, of: issuer)
    let record = try await client.statusListRecord(list)
    let file = StatusIndexFile(URL(fileURLWithPath: indexFile ?? StatusListArgument.indexFile(of: list, wallet: wallet.wallet)))
    let indices: [UInt32]
    do { indices = try file.take(of: list, length: record.length) } catch { throw StatusListArgument.failure(error, file.url.path) }
    return CredentialStatusEntry(purpose: record.purpose, list: list, index: UInt64(indices[0]), base: statusBase)
  }
}
