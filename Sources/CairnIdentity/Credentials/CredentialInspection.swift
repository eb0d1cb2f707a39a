/// The first step of a verification: a credential or presentation, read strictly and not believed. It says what has to be found out;
/// ``verify(with:under:)`` then decides.
///
/// Accepts JSON with a Data Integrity proof, an enveloped credential or presentation, and compact `vc+jwt` and `vp+jwt`. Work and
/// memory are bounded by ``byteLimit`` and the limits of the parts.
public struct CredentialInspection: Sendable {
  /// In bytes: a message of the network. A credential has about two thousand.
  public static let byteLimit = 1 << 18

  /// The presentation; `nil` when a credential came alone.
  let presentation: InspectedPresentation?
  let credentials: [InspectedCredential]
  /// Those that concern the whole.
  private let wholeRefusals: [CredentialRefusal]

  public init(of bytes: [UInt8]) {
    var reader = InspectionReader()
    reader.read(bytes)
    (presentation, credentials, wholeRefusals) = (reader.presentation, reader.credentials, reader.refusals)
  }

  /// Whether this is a presentation, well-formed or not.
  public var isPresentation: Bool { presentation != nil }

  /// How many credentials there are, well-formed or not.
  public var credentialCount: Int { credentials.count }

  /// What is wrong whatever the facts are. With any of these there is no need to find out more.
  public var refusals: [CredentialRefusal] {
    wholeRefusals + (presentation?.refusals ?? [])
      + credentials.enumerated().flatMap { index, credential in
        credential.refusals.map { located($0, at: index) }
      }
  }

  /// The DIDs to resolve, each once: issuers, then the holder.
  public var dids: [DID] { (credentials.map { $0.claims?.issuer } + [presentation?.holder]).compactMap { $0 }.uniqued() }

  /// The keys that signed, each once.
  public var keyIDs: [DIDURL] { (credentials.map(\.securing.keyID) + [presentation?.securing.keyID]).compactMap { $0 }.uniqued() }

  /// The bits to look up, each once.
  public var statuses: [StatusPosition] { credentials.flatMap { $0.claims?.statuses.map(\.position) ?? [] }.uniqued() }

  /// A refusal of one of a presentation's credentials says which.
  func located(_ refusal: CredentialRefusal, at index: Int) -> CredentialRefusal {
    isPresentation ? .credential(at: index, refusal) : refusal
  }
}

extension Sequence where Element: Hashable {
  /// Each once, in the order of their first appearance.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
