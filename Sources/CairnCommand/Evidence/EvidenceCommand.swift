import ArgumentParser
import CairnChain
import CairnCrypto
import CairnMessages
import Foundation

struct EvidenceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evidence", abstract: "Proven faults of validators: two signed statements about one view that exclude each other.",
    subcommands: [EvidenceList.self, EvidenceExport.self, EvidenceVerify.self, EvidenceSubmitCommand.self])
}

struct EvidenceList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the faults that a node has proof of.")

  @OptionGroup var admin: AdminOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let status = try await admin.status()
    let shown = try status.provenFaults().map { ShownEvidence($0, name: status.name(ofValidator: $0.validator)) }
    output.print(shown, text: shown.isEmpty ? "No fault is proven." : Output.table(shown.map { ($0.name, $0.text) }))
  }
}

struct EvidenceExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the faults that a node has proof of to a file, which proves them to anyone.")

  @Argument(help: "The file to make.", completion: .file()) var file: String
  @OptionGroup var admin: AdminOptions
  @OptionGroup var output: OutputOptions

  private struct Written: Encodable {
    let file: String
    let network: String
    let count: Int
  }

  func run() async throws {
    let status = try await admin.status()
    let evidence = try status.provenFaults()
    guard let network = Digest(status.info.network) else { throw ProtoNodeStatus.malformed }
    guard !evidence.isEmpty else { throw CommandFailure.refused("no_evidence", "The node \(status.info.node) has proof of no fault.") }
    let exported = EvidenceFile(network: network, evidence: evidence)
    let words =
      ["Proven faults of validators of the Cairn network \(status.info.name), from the node \(status.info.node):"]
      + exported.evidence.map { evidence in
        let shown = ShownEvidence(evidence, name: status.name(ofValidator: evidence.validator))
        return "  \(shown.name)  \(shown.text)"
      } + ["Check it with: cairn evidence verify FILE --anchor ANCHOR"]
    try Files.create(file, "evidence file", Armor.encode(exported.bytes, as: .evidence, words: words))
    output.print(
      Written(file: file, network: network.description, count: exported.evidence.count),
      text: "Wrote \(exported.evidence.count) proven \(exported.evidence.count == 1 ? "fault" : "faults") to \(file).")
  }
}

struct EvidenceVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check an evidence file against the validators' keys; needs no node.",
    discussion: "Whoever it names signed both statements with the key that the trust anchor has for it: no honest validator ever does.")

  @Argument(help: "The evidence file.", completion: .file()) var file: String
  @OptionGroup var trust: TrustOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let anchor = try trust.trustAnchor()
    let evidence = try EvidenceFiles.read(file)
    let verifier = ConsensusVerifier(network: anchor.network, epoch: anchor.epoch, validators: anchor.validators)
    let verified: [Verified<Evidence>]
    do { verified = try evidence.verify(with: verifier) } catch {
      throw CommandFailure.refused(error.reason, "\(file) proves nothing to whoever trusts this anchor: \(Self.sentence(error, anchor)).")
    }
    let shown = verified.map(\.value).map { ShownEvidence($0, name: anchor.validators[$0.validator]?.name) }
    output.print(shown, text: Output.table([("proven", "\(shown.count) of \(shown.count)")] + shown.map { ($0.name, $0.text) }))
  }

  private static func sentence(_ error: ChainError, _ anchor: TrustAnchor) -> String {
    switch error {
    case .wrongNetwork: "it is about another network"
    case .certificate(.badSignature(let validator)):
      "a signature that it ascribes to \(anchor.validators[validator]?.name ?? "validator \(validator)") is not by its key"
    case .certificate(.unknownSigner): "it names a validator that the network does not have"
    case .certificate(.wrongEpoch(let epoch)): "it is about epoch \(epoch), and the anchor has the validators of epoch \(anchor.epoch)"
    default: error.reason
    }
  }
}

enum EvidenceFiles {
  static func read(_ path: String) throws(CommandFailure) -> EvidenceFile {
    let bytes = try Armor.read(path, as: .evidence)
    do { return try EvidenceFile(decoding: bytes) } catch {
      throw .refused(error.reason, "\(path) is not an evidence file that this version can read (\(error.reason)): get it again.")
    }
  }
}

/// One proven fault, for people and programs.
struct ShownEvidence: Encodable {
  /// The validator's; its index where nobody knows the name.
  let name: String
  let validator: Int
  let epoch: UInt64
  let view: UInt64
  /// Of the two votes.
  let statements: [String]
  /// The two votes in hexadecimal.
  let evidence: String

  init(_ evidence: Evidence, name: String?) {
    self.name = name ?? "validator \(evidence.validator)"
    validator = evidence.validator
    epoch = evidence.epoch
    view = evidence.view
    statements = [evidence.first, evidence.second].map { vote in
      "\(vote.statement.kind)" + (vote.statement.digest.map { " \($0)" } ?? "")
    }
    self.evidence = Hex.encode(evidence.bytes)
  }

  var text: String { "view \(view) of epoch \(epoch): signed \(statements.joined(separator: " and "))" }
}

extension ProtoNodeStatus {
  fileprivate static let malformed = CommandFailure.refused(
    "malformed_answer", "What answers there is not a node of this version: check the address.")

  /// As the node says; whoever needs to know checks the signatures.
  func provenFaults() throws(CommandFailure) -> [Evidence] {
    guard evidence.count <= EvidenceFile.countLimit else { throw Self.malformed }
    var faults: [Evidence] = []
    for bytes in evidence {
      do { faults.append(try Evidence(decoding: [UInt8](bytes))) } catch { throw Self.malformed }
    }
    return faults
  }

  func name(ofValidator index: Int) -> String? { peers.first { Int($0.index) == index }?.name }
}
