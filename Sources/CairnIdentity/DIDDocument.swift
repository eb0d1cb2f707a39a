/// What a verification method may be used for (Controlled Identifiers 1.0, section 2.3).
public enum VerificationPurpose: UInt8, CaseIterable, Comparable, Sendable {
  case authentication = 1
  case assertionMethod = 2
  case keyAgreement = 3
  case capabilityInvocation = 4
  case capabilityDelegation = 5

  public static func < (left: VerificationPurpose, right: VerificationPurpose) -> Bool { left.rawValue < right.rawValue }

  /// The document's member, for example `assertionMethod`.
  public var relationship: String {
    switch self {
    case .authentication: "authentication"
    case .assertionMethod: "assertionMethod"
    case .keyAgreement: "keyAgreement"
    case .capabilityInvocation: "capabilityInvocation"
    case .capabilityDelegation: "capabilityDelegation"
    }
  }
}

/// The part of a DID document that its controller writes; the rest follows from the DID. ``json(did:controller:)`` makes the document.
///
/// Any strings can be held; ``validate()`` says whether they are a document.
public struct DIDDocument: Hashable, Sendable {
  public struct VerificationMethod: Hashable, Sendable {
    /// Without the number sign.
    public var fragment: String
    /// Multicodec header and raw key.
    public var multikey: [UInt8]
    /// Ascending, each once, at least one.
    public var purposes: [VerificationPurpose]

    public init(fragment: String, multikey: [UInt8], purposes: [VerificationPurpose]) {
      self.fragment = fragment
      self.multikey = multikey
      self.purposes = purposes
    }
  }

  public struct Service: Hashable, Sendable {
    /// Without the number sign.
    public var fragment: String
    public var types: [String]
    /// Absolute URIs.
    public var endpoints: [String]

    public init(fragment: String, types: [String], endpoints: [String]) {
      self.fragment = fragment
      self.types = types
      self.endpoints = endpoints
    }
  }

  public var verificationMethods: [VerificationMethod]
  public var services: [Service]
  /// Absolute URIs.
  public var alsoKnownAs: [String]
  /// DIDs, beside the controller in the control state.
  public var controllers: [String]

  public init(
    verificationMethods: [VerificationMethod] = [], services: [Service] = [], alsoKnownAs: [String] = [], controllers: [String] = []
  ) {
    self.verificationMethods = verificationMethods
    self.services = services
    self.alsoKnownAs = alsoKnownAs
    self.controllers = controllers
  }
}
