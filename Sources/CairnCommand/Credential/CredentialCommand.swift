import ArgumentParser
import CairnClient
import CairnIdentity
import CairnLedger
import Foundation

struct CredentialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credential", abstract: "Issue, present, verify and revoke credentials of agents (W3C VC 2.0).",
    discussion: """
      Credentials do not go onto the ledger. What does is who the issuer and the holder are, and the bits of the issuer's status lists: \
      every verification reads both with proof. A credential is a file, as JSON with a Data Integrity proof or as a JWT.
      """,
    subcommands: [
      CredentialIssue.self, CredentialPresent.self, CredentialVerify.self, CredentialStatus.self, CredentialRevoke.self,
      CredentialSuspend.self, CredentialReinstate.self,
    ])
}

/// How a credential or presentation is secured.
enum SecuringForm: String, ExpressibleByArgument, CaseIterable {
  case dataIntegrity = "data-integrity"
  case jwt
}

/// Credential files as commands read and write them.
enum CredentialFiles {
  static let standardInput = "-"

  static func read(_ path: String, _ what: String = "credential") throws(CommandFailure) -> [UInt8] {
    let bytes =
      path == standardInput
      ? try Files.read(descriptor: STDIN_FILENO, "\(what) on standard input", limit: CredentialInspection.byteLimit + 1)
      : try Files.read(path, what, limit: CredentialInspection.byteLimit + 1)
    // Editors and shells end files with a line.
    return Array(bytes.reversed().drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.reversed())
  }

  /// Into a new file, or to standard output.
  static func write(_ bytes: [UInt8], _ what: String, to path: String?) throws(CommandFailure) {
    let text = bytes + [UInt8(ascii: "\n")]
    if let path {
      try Files.create(path, what, text)
    } else {
      Output.write(String(decoding: text, as: UTF8.self), to: .standardOutput)
    }
  }

  static func failure(_ error: CredentialIssuingError) -> CommandFailure {
    switch error {
    case .lifetimeTooLong(let limit, let actual):
      .usage(
        error.reason,
        "A credential for \(actual / 60_000) minutes is longer than the ordinary \(limit / 60_000): shorten --valid-for, or add --long-lived."
      )
    case .tooMany(let what, let limit): .refused(error.reason, "There are more than \(limit) of \(what): use fewer.")
    case .invalidDelegationDepth: .usage(error.reason, "--delegation-depth is from 0 to \(AgentCredential.delegationDepthLimit).")
    case .invalidIdentifier(let member): .usage(error.reason, "The \(member) of the credential is not a URI.")
    default: .refused(error.reason, "The document cannot be made (\(error.reason)).")
    }
  }
}
