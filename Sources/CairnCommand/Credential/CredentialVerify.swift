import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct CredentialVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify a credential or presentation against the ledger, and say why it is refused.",
    discussion: """
      Everything is read with proof from any node. What cannot be read is a refusal. With --at the question is whether the credential \
      was good at that time. --bundle-out writes what the verification relied on, and --bundle checks such a file again with the trust \
      anchor alone, without a network.
      """)

  @Argument(help: "The file; - for standard input.", completion: .file()) var file: String?
  @Option(help: "The challenge that the holder was given.") var challenge: String?
  @Option(help: "The verifier's own name, for which the presentation must be meant.") var audience: String?
  @Option(help: "Whether it was good at this time: 2026-01-31T12:00:00Z, or Unix milliseconds.") var at: MomentArgument?
  @Flag(help: "The issuer must have the ledger's role of an issuer.") var requireIssuerRole = false
  @Flag(help: "Each credential must be presented by its subject.") var requireHolder = false
  @Flag(help: "Accept a credential that names no revocation list.") var allowNoStatus = false
  @Flag(help: "Accept a credential that holds for more than 4 hours.") var allowLongLived = false
  @Option(
    name: .customLong("session"), help: "A session that the holder or an issuer is; several times for several.", completion: .file())
  var sessions: [String] = []
  @Option(help: "Write what the verification relied on.", completion: .file()) var bundleOut: String?
  @Option(help: "Check such a file instead, without a network.", completion: .file()) var bundle: String?
  @Option(help: "How old the answers in a bundle may be.") var maxAge = DurationArgument.hours(1)
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (file == nil) == (bundle != nil) else { throw ValidationError("Give the file of a credential, or --bundle FILE.") }
    if bundle != nil, bundleOut != nil || !sessions.isEmpty {
      throw ValidationError("--bundle has everything in it: leave out --bundle-out and --session.")
    }
  }

  func run() async throws {
    let verification: CredentialVerification
    if let bundle {
      verification = try await check(bundle)
    } else {
      let bytes = try CredentialFiles.read(file ?? CredentialFiles.standardInput)
      var presented: [SessionPresentation] = []
      for path in sessions { presented.append(try SessionFiles.readPresentation(path)) }
      verification = try await withClient(client) { client in
        try await client.verify(bytes, sessions: presented, policy: policy, at: at?.timestamp, keepsProofs: bundleOut != nil)
      }
      if let bundleOut { try Files.create(bundleOut, "bundle", CredentialBundle(verification).bytes) }
    }
    let shown = ShownVerification(verification, bundle: bundleOut)
    output.print(shown, text: shown.text)
    if let status = shown.status { throw ExitCode(status.rawValue) }
  }

  private func check(_ path: String) async throws -> CredentialVerification {
    let anchor = try client.trust.trustAnchor()
    let bytes = try Files.read(path, "bundle", limit: CredentialBundle.byteLimit + 1)
    do throws(BundleError) {
      return try await CredentialBundle(decoding: bytes).verify(
        anchor: anchor, policy: policy, at: at?.timestamp,
        maximumAgeMilliseconds: UInt64(maxAge.milliseconds))
    } catch {
      throw CommandFailure.refused(error.reason, "\(path): \(error)")
    }
  }

  private var policy: VerificationPolicy {
    var policy = VerificationPolicy(now: .now)
    policy.audience = audience
    policy.challenge = challenge
    policy.requiresIssuerRole = requireIssuerRole
    policy.requiresHolderBinding = requireHolder
    if allowNoStatus { policy.requiredStatusPurposes = [] }
    if allowLongLived { policy.maximumLifetimeMilliseconds = nil }
    return policy
  }
}

/// The outcome of a verification, for people and programs.
struct ShownVerification: Encodable {
  struct Credential: Encodable {
    let id: String?
    let issuer: String
    let subject: String?
    let role: String?
    let permissions: [String]
    let validFrom: String?
    let validUntil: String?
    let key: String
  }

  struct Refusal: Encodable {
    let reason: String
    let message: String
  }

  struct Session: Encodable {
    let batch: String
    let index: UInt32
    let did: String?
    let expires: String?
    let refusals: [Refusal]
  }

  struct Unread: Encodable {
    let subject: String
    let reason: String
    let message: String
  }

  struct Proven: Encodable {
    /// Of the oldest header that the verification relied on.
    let height: UInt64
    let time: String
    let answers: Int
  }

  let accepted: Bool
  let at: String?
  let holder: String?
  let credentials: [Credential]
  let refusals: [Refusal]
  let sessions: [Session]
  let unread: [Unread]
  let proven: Proven?
  let bundle: String?
  /// `nil` when accepted.
  let status: CommandFailure.Status?

  private enum CodingKeys: String, CodingKey {
    case accepted, at, holder, credentials, refusals, sessions, unread, proven, bundle
  }

  init(_ verification: CredentialVerification, bundle: String?) {
    accepted = verification.accepted != nil
    at = verification.moment?.description
    holder = verification.accepted?.holder?.description
    credentials =
      verification.accepted?.credentials.map { credential in
        let claims = credential.claims
        return Credential(
          id: claims.id, issuer: claims.issuer.description, subject: claims.subject, role: claims.role, permissions: claims.permissions,
          validFrom: claims.validFrom?.description, validUntil: claims.validUntil?.description, key: credential.keyID.description)
      } ?? []
    refusals = verification.verdict.refusals.map { Refusal(reason: $0.reason, message: $0.message) }
    sessions = verification.sessions.map { Session($0) }
    unread = verification.failures.map {
      Unread(subject: $0.subject.description, reason: $0.error.reason, message: $0.error.description)
    }
    let oldest = verification.evidence.map(\.header.header).min { $0.height < $1.height }
    proven = oldest.map {
      Proven(height: $0.height, time: Output.time($0.timeMilliseconds), answers: verification.evidence.count)
    }
    self.bundle = bundle
    status = Self.status(of: verification)
  }

  /// Unreachable, when that is the only reason.
  private static func status(of verification: CredentialVerification) -> CommandFailure.Status? {
    guard verification.accepted == nil else { return nil }
    let isUnreachable = verification.failures.contains { ClientSentence.failure($0.error).status == .unreachable }
    let isOnlyThat = verification.verdict.refusals.allSatisfy { $0.reason.hasPrefix("unavailable_") }
    return isUnreachable && isOnlyThat ? .unreachable : .refused
  }

  var text: String {
    var rows: [(String, String)] = [(accepted ? "accepted" : "REFUSED", at.map { "as of \($0)" } ?? "as of now")]
    if let holder { rows.append(("holder", holder)) }
    for credential in credentials {
      rows.append(("issuer", credential.issuer))
      if let subject = credential.subject { rows.append(("subject", subject)) }
      if let role = credential.role { rows.append(("role", role)) }
      if !credential.permissions.isEmpty { rows.append(("permissions", credential.permissions.joined(separator: ", "))) }
      if let end = credential.validUntil { rows.append(("valid until", end)) }
    }
    rows += refusals.map { ("because", "\($0.message) (\($0.reason))") }
    for session in sessions {
      if session.refusals.isEmpty { rows.append(("session", "\(session.did ?? ""), until \(session.expires ?? "")")) }
      rows += session.refusals.map { ("session", "\($0.message) (\($0.reason))") }
    }
    rows += unread.map { ("unread", "\($0.subject): \($0.message)") }
    if let proven { rows.append(("proven", "by \(proven.answers) answers at height \(proven.height) or later, of \(proven.time)")) }
    if let bundle { rows.append(("bundle", bundle)) }
    return Output.table(rows)
  }
}

extension ShownVerification.Session {
  init(_ verdict: SessionVerdict) {
    self.init(
      batch: verdict.presentation.batch.description, index: verdict.presentation.index, did: verdict.identity?.did.description,
      expires: verdict.identity.map { Output.time($0.expiresMilliseconds) },
      refusals: verdict.refusals.map { ShownVerification.Refusal(reason: $0.reason, message: $0.description) })
  }
}
