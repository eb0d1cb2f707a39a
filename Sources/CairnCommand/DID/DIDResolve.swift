import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct DIDResolve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve", abstract: "Look up a DID, verify the answer, and say how it was verified.",
    discussion: "A DID that does not exist is an answer too: its absence is proven, and the exit code is 1.")

  @Argument(help: "The DID.") var did: String
  @Flag(help: "Print the DID document alone.") var didDocument = false
  @Option(help: "Write the proof, with which anybody can check the answer again.", completion: .file()) var proof: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let parsed = try DIDArgument.parse(did)
    let resolution = try await withClient(client) { try await $0.freshResolution(of: parsed) }
    if let proof { try Files.create(proof, "proof", resolution.proof) }
    guard let resolved = resolution.resolved else {
      let failure = CairnError.notFound(parsed, provenBy: resolution.header)
      throw ClientSentence.failure(failure)
    }
    if didDocument {
      Output.write(String(decoding: resolved.document, as: UTF8.self) + "\n", to: .standardOutput)
    } else {
      let shown = ShownResolution(resolution, resolved, now: Date())
      Output.write((output.isJSON ? shown.json(resolved.document) : shown.text(resolved.document)) + "\n", to: .standardOutput)
    }
    if resolved.isDeactivated { throw ExitCode(CommandFailure.Status.refused.rawValue) }
  }
}

/// A resolved DID and how it was verified.
struct ShownResolution: Encodable {
  struct Verification: Encodable {
    let height: UInt64
    let header: String
    let ageMs: UInt64
    let network: String
  }

  let did: String
  let versionId: UInt64
  let createdMs: UInt64
  let updatedMs: UInt64
  let isDeactivated: Bool
  let controller: String?
  let verified: Verification

  init(_ resolution: Resolution, _ resolved: ResolvedDID, now: Date) {
    let header = resolution.header.header
    did = resolved.did.description
    versionId = resolved.versionID
    createdMs = resolved.createdMilliseconds
    updatedMs = resolved.updatedMilliseconds
    isDeactivated = resolved.isDeactivated
    controller = resolved.record.control.controller?.description
    let age = now.timeIntervalSince1970 * 1_000 - Double(header.timeMilliseconds)
    verified = Verification(
      height: header.height, header: header.digest.description, ageMs: age > 0 ? UInt64(age) : 0, network: header.network.description)
  }

  /// The document as it was verified, byte for byte, beside what is known about it.
  func json(_ document: [UInt8]) -> String {
    Output.json(self).dropLast() + ",\"document\":" + String(decoding: document, as: UTF8.self) + "}"
  }

  func text(_ document: [UInt8]) -> String {
    var rows = [
      ("did", did), ("version", "\(versionId)"), ("created", Output.time(createdMs)), ("updated", Output.time(updatedMs)),
    ]
    if let controller { rows.append(("controller", controller)) }
    if isDeactivated { rows.append(("deactivated", "for ever")) }
    rows.append(
      ("verified", "by a quorum's certificate at height \(verified.height), \(verified.ageMs / 1_000) s old, header \(verified.header)"))
    return Output.table(rows) + "\n" + Self.pretty(document)
  }

  private static func pretty(_ document: [UInt8]) -> String {
    guard let object = try? JSONSerialization.jsonObject(with: Data(document)),
      let data = try? JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    else { return String(decoding: document, as: UTF8.self) }
    return String(decoding: data, as: UTF8.self)
  }
}
