public import CairnCrypto

/// Why a document is refused; `at` is the index in the list that the case names.
public enum DocumentError: Error, Equatable, Sendable {
  case tooManyVerificationMethods
  case tooManyServices
  case tooManyAliases
  case tooManyControllers
  case invalidMethodFragment(at: Int)
  case invalidServiceFragment(at: Int)
  /// The fragment is another method's or service's, or that of a key's JsonWebKey twin.
  case duplicateMethodFragment(at: Int)
  case duplicateServiceFragment(at: Int)
  case unacceptableKey(MultikeyError, at: Int)
  /// Not a point of the prime-order subgroup.
  case invalidKey(at: Int)
  case noPurpose(at: Int)
  case purposesNotAscending(at: Int)
  /// A key-agreement key that should sign, or a signing key that should agree.
  case purposeUnfitForKey(VerificationPurpose, at: Int)
  case wrongServiceTypeCount(at: Int)
  case invalidServiceType(at: Int)
  case duplicateServiceType(at: Int)
  case wrongEndpointCount(at: Int)
  case invalidEndpoint(at: Int)
  case duplicateEndpoint(at: Int)
  case invalidAlias(at: Int)
  case duplicateAlias(at: Int)
  case invalidController(at: Int)
  case duplicateController(at: Int)

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .tooManyVerificationMethods: "too_many_verification_methods"
    case .tooManyServices: "too_many_services"
    case .tooManyAliases: "too_many_aliases"
    case .tooManyControllers: "too_many_controllers"
    case .invalidMethodFragment: "invalid_method_fragment"
    case .invalidServiceFragment: "invalid_service_fragment"
    case .duplicateMethodFragment: "duplicate_method_fragment"
    case .duplicateServiceFragment: "duplicate_service_fragment"
    case .unacceptableKey(let error, _): error.reason
    case .invalidKey: "invalid_key"
    case .noPurpose: "no_purpose"
    case .purposesNotAscending: "purposes_not_ascending"
    case .purposeUnfitForKey: "purpose_unfit_for_key"
    case .wrongServiceTypeCount: "wrong_service_type_count"
    case .invalidServiceType: "invalid_service_type"
    case .duplicateServiceType: "duplicate_service_type"
    case .wrongEndpointCount: "wrong_endpoint_count"
    case .invalidEndpoint: "invalid_endpoint"
    case .duplicateEndpoint: "duplicate_endpoint"
    case .invalidAlias: "invalid_alias"
    case .duplicateAlias: "duplicate_alias"
    case .invalidController: "invalid_controller"
    case .duplicateController: "duplicate_controller"
    }
  }
}

extension DIDDocument {
  /// A document needs a handful; each method is written twice and listed in up to five relationships.
  public static let verificationMethodLimit = 32
  /// As many as methods: no use known needs more than a few.
  public static let serviceLimit = 32
  /// A service of several protocols, or reachable in several places.
  public static let serviceTypeLimit = 8
  public static let endpointLimit = 8
  /// Names of one subject elsewhere.
  public static let alsoKnownAsLimit = 32
  /// Each can change the subject's document at other resolvers; few should.
  public static let controllerLimit = 16
  /// In bytes: fits a hexadecimal SHA-256 or a base64url thumbprint.
  public static let fragmentByteLimit = 64
  /// In bytes: fits a URI as the type's name.
  public static let serviceTypeByteLimit = 128
  /// In bytes, of every URI and DID in a document: long enough for an endpoint, too short to store data.
  public static let uriByteLimit = 512

  /// Every rule of DID 1.1 and Controlled Identifiers 1.0 that the shape of the data leaves open, and the limits. What passes is
  /// ASCII throughout.
  ///
  /// - Parameter isValidKey: what ``CairnCrypto/PublicKey/isValidPoint`` says, perhaps from memory: the check is the expensive part.
  public func validate(isValidKey: (PublicKey) -> Bool = \.isValidPoint) throws(DocumentError) {
    guard verificationMethods.count <= Self.verificationMethodLimit else { throw .tooManyVerificationMethods }
    guard services.count <= Self.serviceLimit else { throw .tooManyServices }
    guard alsoKnownAs.count <= Self.alsoKnownAsLimit else { throw .tooManyAliases }
    guard controllers.count <= Self.controllerLimit else { throw .tooManyControllers }
    var fragments: Set<String> = []
    for (index, method) in verificationMethods.enumerated() { try Self.validate(method, at: index, isValidKey, &fragments) }
    for (index, service) in services.enumerated() { try Self.validate(service, at: index, &fragments) }
    if let index = alsoKnownAs.firstIndex(where: { !Self.isURI($0) }) { throw .invalidAlias(at: index) }
    if let index = firstRepetition(in: alsoKnownAs) { throw .duplicateAlias(at: index) }
    if let index = controllers.firstIndex(where: { !Self.isDID($0) }) { throw .invalidController(at: index) }
    if let index = firstRepetition(in: controllers) { throw .duplicateController(at: index) }
  }

  private static func validate(
    _ method: VerificationMethod, at index: Int, _ isValidKey: (PublicKey) -> Bool, _ fragments: inout Set<String>
  ) throws(DocumentError) {
    guard isFragment(method.fragment) else { throw .invalidMethodFragment(at: index) }
    let key: Multikey
    do { key = try Multikey(method.multikey) } catch { throw .unacceptableKey(error, at: index) }
    guard fragments.insert(method.fragment).inserted, key.kind != .ed25519 || fragments.insert(method.fragment + twinSuffix).inserted
    else { throw .duplicateMethodFragment(at: index) }
    guard !method.purposes.isEmpty else { throw .noPurpose(at: index) }
    guard zip(method.purposes, method.purposes.dropFirst()).allSatisfy(<) else { throw .purposesNotAscending(at: index) }
    if let purpose = method.purposes.first(where: { !key.kind.fits($0) }) { throw .purposeUnfitForKey(purpose, at: index) }
    guard key.ed25519.map(isValidKey) != false else { throw .invalidKey(at: index) }
  }

  private static func validate(_ service: Service, at index: Int, _ fragments: inout Set<String>) throws(DocumentError) {
    guard isFragment(service.fragment) else { throw .invalidServiceFragment(at: index) }
    guard fragments.insert(service.fragment).inserted else { throw .duplicateServiceFragment(at: index) }
    guard (1...serviceTypeLimit).contains(service.types.count) else { throw .wrongServiceTypeCount(at: index) }
    guard service.types.allSatisfy(isServiceType) else { throw .invalidServiceType(at: index) }
    guard firstRepetition(in: service.types) == nil else { throw .duplicateServiceType(at: index) }
    guard (1...endpointLimit).contains(service.endpoints.count) else { throw .wrongEndpointCount(at: index) }
    guard service.endpoints.allSatisfy(isURI) else { throw .invalidEndpoint(at: index) }
    guard firstRepetition(in: service.endpoints) == nil else { throw .duplicateEndpoint(at: index) }
  }

  /// Letters, digits, full stop, underscore, hyphen.
  private static func isFragment(_ text: String) -> Bool {
    (1...fragmentByteLimit).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        URISyntax.isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
      }
  }

  /// Visible ASCII: a term such as `LinkedDomains`, or a URI.
  private static func isServiceType(_ text: String) -> Bool {
    (1...serviceTypeByteLimit).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }

  private static func isURI(_ text: String) -> Bool { text.utf8.count <= uriByteLimit && URISyntax.isAbsolute(text) }

  private static func isDID(_ text: String) -> Bool { text.utf8.count <= uriByteLimit && (try? DID(parsing: text)) != nil }
}

extension Multikey.Kind {
  /// X25519 only agrees on keys and Ed25519 only signs; the other curves' keys serve for both.
  fileprivate func fits(_ purpose: VerificationPurpose) -> Bool {
    switch self {
    case .x25519: purpose == .keyAgreement
    case .ed25519: purpose != .keyAgreement
    case .p256, .p384, .secp256k1: true
    }
  }
}

/// Index of the first element that came before.
private func firstRepetition(in texts: [String]) -> Int? {
  var seen: Set<String> = []
  return texts.firstIndex { !seen.insert($0).inserted }
}
