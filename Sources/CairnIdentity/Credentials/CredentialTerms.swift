/// Words of the VC Data Model 2.0 and of the formats around it.
enum CredentialTerms {
  static let context = "https://www.w3.org/ns/credentials/v2"
  /// Gives the terms of an agent's credential a meaning for readers of linked data (VC Data Model 2.0, section 5.2); always the last.
  static let undefinedTermsContext = "https://www.w3.org/ns/credentials/undefined-terms/v2"

  static let credential = "VerifiableCredential"
  static let presentation = "VerifiablePresentation"
  static let envelopedCredential = "EnvelopedVerifiableCredential"
  static let envelopedPresentation = "EnvelopedVerifiablePresentation"
  static let agentCredential = "AgentCredential"
  static let statusListEntry = "BitstringStatusListEntry"
  static let statusListCredential = "BitstringStatusListCredential"
  static let statusList = "BitstringStatusList"

  static let credentialToken = "vc+jwt"
  static let presentationToken = "vp+jwt"
  static let statusListToken = "statuslist+jwt"

  /// `@context` as the list that it stands for; `nil` when it is missing.
  static func contexts(of document: JSON) -> [JSON]? {
    document["@context"].map { $0.array ?? [$0] }
  }

  /// An identifier as a text, or as the `id` of an object.
  static func identifier(_ value: JSON) -> String? { value.string ?? value["id"]?.string }
}
