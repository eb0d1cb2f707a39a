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
  @Option(help: "At this version instead of the newest: 0 after the creation, then one more with every change.") var versionId: UInt64?
  @Option(help: "As it was at this time: 2026-01-31T12:00:00Z, or Unix milliseconds.") var versionTime: MomentArgument?
  @Flag(help: "Print the DID document alone.") var didDocument = false
  @Option(help: "Write the proof, with which anybody can check the answer again.", completion: .file()) var proof: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if versionId != nil, versionTime != nil { throw ValidationError("--version-id and --version-time exclude each other.") }
  }

  func run() async throws {
    let parsed = try DIDArgument.parse(did)
    let resolution = try await withClient(client) { try await $0.resolution(of: parsed, at: selector) }
    if let proof { try Files.create(proof, "proof", resolution.proof) }
    let resolved = try found(resolution)
    if didDocument {
      Output.write(String(decoding: resolved.document, as: UTF8.self) + "\n", to: .standardOutput)
    } else {
      let shown = ShownResolution(resolution, resolved, now: Date())
      Output.write((output.isJSON ? shown.json(resolved.document) : shown.text(resolved.document)) + "\n", to: .standardOutput)
    }
    if resolved.isDeactivated { throw ExitCode(CommandFailure.Status.refused.rawValue) }
  }

  private var selector: VersionSelector {
    if let versionId { return .id(versionId) }
    return versionTime.map { .time(milliseconds: UInt64(max(0, $0.timestamp.milliseconds))) } ?? .newest
  }

  private func found(_ resolution: VersionResolution) throws(CommandFailure) -> ResolvedVersion {
    switch resolution.outcome {
    case .found(let resolved): return resolved
    case .notYetCreated(let created):
      throw ClientSentence.failure(.notYetCreated(resolution.did, createdMilliseconds: created, provenBy: resolution.header))
    case .absent: throw ClientSentence.failure(.notFound(resolution.did, provenBy: resolution.header))
    }
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
  let newestVersionId: UInt64
  let createdMs: UInt64
  let updatedMs: UInt64
  /// When the next version took its place; `nil` for the newest.
  let replacedMs: UInt64?
  /// When the version's update keys were set.
  let keysChangedMs: UInt64
  let keyAgeMs: UInt64
  let isDeactivated: Bool
  /// Whether guardians have isolated the DID.
  let isIsolated: Bool
  /// The newest isolation, in force or over.
  let isolation: ShownIsolation?
  let controller: String?
  let verified: Verification

  init(_ resolution: VersionResolution, _ resolved: ResolvedVersion, now: Date) {
    let header = resolution.header.header
    did = resolved.did.description
    versionId = resolved.versionID
    newestVersionId = resolved.newest.head.sequence
    createdMs = resolved.record.createdMilliseconds
    updatedMs = resolved.updatedMilliseconds
    replacedMs = resolved.nextUpdatedMilliseconds
    keysChangedMs = resolved.record.keysChangedMilliseconds
    let time = UInt64(max(0, now.timeIntervalSince1970 * 1_000))
    keyAgeMs = time > keysChangedMs ? time - keysChangedMs : 0
    isDeactivated = resolved.isDeactivated
    isIsolated = resolution.isIsolated
    isolation = resolution.isolation.map(ShownIsolation.init)
    controller = resolved.record.control.controller?.description
    verified = Verification(
      height: header.height, header: header.digest.description,
      ageMs: time > header.timeMilliseconds ? time - header.timeMilliseconds : 0, network: header.network.description)
  }

  /// The document as it was verified, byte for byte, beside what is known about it.
  func json(_ document: [UInt8]) -> String {
    Output.json(self).dropLast() + ",\"document\":" + String(decoding: document, as: UTF8.self) + "}"
  }

  func text(_ document: [UInt8]) -> String {
    var rows = [
      ("did", did), ("version", versionId == newestVersionId ? "\(versionId)" : "\(versionId) of \(newestVersionId)"),
      ("created", Output.time(createdMs)), ("updated", Output.time(updatedMs)),
    ]
    if let replacedMs { rows.append(("replaced", Output.time(replacedMs))) }
    rows.append(("keys", "set \(Output.time(keysChangedMs)), \(Output.age(keyAgeMs)) ago"))
    if let controller { rows.append(("controller", controller)) }
    if isIsolated, let isolation { rows.append(("isolated", isolation.text)) }
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
