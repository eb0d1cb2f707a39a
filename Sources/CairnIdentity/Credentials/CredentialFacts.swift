/// What a verifier found out about the names that an inspection gave it. Plain values: how each was proven is the caller's concern.
public struct CredentialFacts: Sendable {
  public enum Document: Sendable {
    /// The JSON of the active document.
    case active([UInt8])
    case deactivated
    /// Guardians have isolated the DID, or whoever answers for it.
    case isolated
    /// There is no such DID.
    case unknown
    /// Not to be had, or not with a proof. The same as no fact at all.
    case unavailable
  }

  public enum Status: Hashable, Sendable {
    /// The bit of a list for this purpose.
    case known(StatusListPurpose, isSet: Bool)
    /// There is no such list.
    case unknownList
    /// The list is shorter.
    case outOfRange
    /// Not to be had, or not with a proof. The same as no fact at all.
    case unavailable
  }

  public var documents: [DID: Document]
  public var statuses: [StatusPosition: Status]
  /// Issuers with the role to issue; consulted only under ``VerificationPolicy/requiresIssuerRole``.
  public var authorizedIssuers: Set<DID>

  public init(
    documents: [DID: Document] = [:], statuses: [StatusPosition: Status] = [:], authorizedIssuers: Set<DID> = []
  ) {
    self.documents = documents
    self.statuses = statuses
    self.authorizedIssuers = authorizedIssuers
  }
}
