import CairnChain
public import CairnIdentity
import CairnLedger

/// A status list as its issuer signs it for verifiers that do not know this ledger: as a Bitstring Status List credential and as a Token
/// Status List token.
public struct SignedStatusList: Sendable {
  /// A day: whoever has an older one has to ask again.
  public static let standardLifetimeMilliseconds: Int64 = 86_400_000
  /// For how long a reader need not look again, unless told otherwise: five minutes.
  public static let standardTimeToLiveMilliseconds: Int64 = 300_000

  public let list: StatusListID
  /// JSON with a Data Integrity proof.
  public let credential: [UInt8]
  /// Compact.
  public let token: [UInt8]

  /// - Parameters:
  ///   - resolution: as ``CairnClient/CairnClient/statusList(_:at:)`` proved it; its header's time is that of the signature.
  ///   - url: what credentials call the list; `nil` for its ``CairnIdentity/StatusListID/description``.
  ///   - signer: a key of the list's issuer for assertions.
  public init(
    _ resolution: StatusListResolution, url: String? = nil, lifetimeMilliseconds: Int64 = standardLifetimeMilliseconds,
    timeToLiveMilliseconds: Int64 = standardTimeToLiveMilliseconds, by signer: CredentialSigner
  ) throws(CredentialIssuingError) {
    list = resolution.bits.list.list
    guard signer.did.description.utf8.elementsEqual(list.issuer.description.utf8) else { throw .wrongSigner }
    let bits = StatusBits(bytes: resolution.bits.bytes)
    let url = url ?? list.description
    let time = Timestamp(milliseconds: Int64(clamping: resolution.header.header.timeMilliseconds))
    let end = time.adding(milliseconds: lifetimeMilliseconds)
    let document = StatusListCredential(
      url: url, issuer: signer.did, purpose: resolution.bits.list.purpose, bits: bits, validFrom: time, validUntil: end,
      timeToLiveMilliseconds: timeToLiveMilliseconds)
    credential = try document.secured(by: signer, created: time).bytes
    let claims = StatusListToken(
      url: url, issuedAt: time, expires: end, timeToLiveSeconds: max(1, timeToLiveMilliseconds / 1_000), statuses: TokenStatusList(bits))
    token = Array(try claims.token(by: signer).utf8)
  }

  func document(as form: StatusListDocumentForm) -> [UInt8] { form == .credential ? credential : token }
}

extension CairnClient {
  /// Hands a signed list to a node, in both forms.
  ///
  /// - Parameter endpoint: one of the client's; `nil` for whichever takes it. Each node serves what it was given.
  public func publish(_ signed: SignedStatusList, to endpoint: Endpoint? = nil) async throws(CairnError) {
    for form in StatusListDocumentForm.allCases {
      try await publishStatusList(signed.list, as: form, document: signed.document(as: form), to: endpoint)
    }
  }
}
