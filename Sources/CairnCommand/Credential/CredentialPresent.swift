import ArgumentParser
import CairnClient
import CairnIdentity
import Foundation

struct CredentialPresent: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "present", abstract: "Show credentials to a verifier, signed with the holder's key #key-1.",
    discussion: "The challenge comes from the verifier and is used once; the audience is the verifier's name.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The credential files; - for standard input.", completion: .file()) var credentials: [String]
  @Option(help: "The holder, when the wallet has keys of several DIDs.") var did: String?
  @Option(help: "The verifier's challenge.") var challenge: String?
  @Option(help: "The verifier's name, for example a URL.") var audience: String?
  @Option(help: "How the presentation is secured: \(SecuringForm.allCases.map(\.rawValue).joined(separator: " or ")).")
  var form = SecuringForm.dataIntegrity
  @Option(help: "For how long the presentation holds, as a token.") var validFor = DurationArgument.minutes(5)
  @Option(name: [.customLong("output"), .customShort("o")], help: "The file to make; standard output otherwise.", completion: .file())
  var path: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let holder: String
    let credentials: Int
    let file: String?
    let presentation: String?
  }

  func run() async throws {
    let own = try wallet.open()
    var secured: [SecuredCredential] = []
    for path in credentials { secured.append(try Self.credential(CredentialFiles.read(path), path)) }
    let signer = try await withClient(client) { client in try own.signer(try own.did(did, network: client.network)) }
    let bytes = try make(secured, signer)
    if path != nil || !output.isJSON { try CredentialFiles.write(bytes, "presentation", to: path) }
    guard path != nil || output.isJSON else { return }
    let shown = Shown(
      holder: signer.did.description, credentials: secured.count, file: path,
      presentation: path == nil ? String(decoding: bytes, as: UTF8.self) : nil)
    output.print(shown, text: "Presented \(secured.count) credentials by \(shown.holder): \(path ?? "").")
  }

  private func make(_ credentials: [SecuredCredential], _ signer: CredentialSigner) throws(CommandFailure) -> [UInt8] {
    let now = Timestamp(milliseconds: Timestamp.now.milliseconds / 1_000 * 1_000)
    do {
      let presentation = try Presentation(holder: signer.did, credentials: credentials)
      switch form {
      case .dataIntegrity:
        return SecuredCredential.document(
          try presentation.secured(by: signer, created: now, challenge: challenge, domain: audience)
        ).bytes
      case .jwt:
        let expires = now.adding(milliseconds: validFor.milliseconds)
        return Array(try presentation.token(by: signer, issuedAt: now, expires: expires, nonce: challenge, audience: audience).utf8)
      }
    } catch {
      throw CredentialFiles.failure(error)
    }
  }

  /// A file in either form, which nobody has verified yet.
  private static func credential(_ bytes: [UInt8], _ path: String) throws(CommandFailure) -> SecuredCredential {
    let inspection = CredentialInspection(of: bytes)
    guard inspection.refusals.isEmpty, !inspection.isPresentation else {
      let why = inspection.refusals.first?.message ?? "It is a presentation."
      throw .refused("not_a_credential", "\(path) is not a credential that can be presented. \(why)")
    }
    guard bytes.first == UInt8(ascii: "{"), let json = try? JSON(parsing: bytes) else {
      return .token(String(decoding: bytes, as: UTF8.self))
    }
    return .document(json)
  }
}
