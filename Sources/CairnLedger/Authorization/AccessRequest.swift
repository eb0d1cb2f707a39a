public import CairnCrypto
public import CairnIdentity
import CairnMessages
public import CairnPolicy
import Foundation

/// What an agent wants to do, and what it shows for it.
///
/// Bounded and canonical: the same bytes are decided by the node, by the client that checks the node, and in the execution of a block.
public struct AccessRequest: Sendable {
  public static let domain = Domain("cairn/access/v1")
  static let idDomain = Domain("cairn/access-id/v1")
  static let contextDomain = Domain("cairn/access-context/v1")

  /// In bytes. Leaves 4 KiB of a transaction for what surrounds a recorded request.
  public static let byteLimit = 56 << 10
  public static let actionByteLimit = 256
  public static let resourceByteLimit = 1_024
  /// Of the JSON: as much as a context may have by the language's limits, in which numbers are shorter.
  public static let assertedByteLimit = 16 << 10
  /// Documents, and the credentials in all of them together. Each costs every node two signatures or more; an agent shows one or two.
  public static let credentialLimit = 8
  public static let challengeByteLimit = 256
  public static let nonceByteCount = 16
  /// How far ahead ``notAfterMilliseconds`` of a recorded request may be.
  public static let horizonMilliseconds: UInt64 = 600_000
  /// For how long a recorded decision is good unless the request asks for less. Within this time a revocation is not seen by whoever
  /// checks receipts offline.
  public static let validityLimitMilliseconds: UInt32 = 60_000

  /// The canonical encoding.
  public let bytes: [UInt8]
  /// H("cairn/access-id/v1" || 0x00 || bytes): what a recorded decision is found under.
  public let id: Digest
  public let network: Digest
  /// The agent.
  public let principal: CairnDID
  /// Of `Cairn::Action`.
  public let action: String
  /// Of `Cairn::Resource`.
  public let resource: String
  /// The policy contract that decides.
  public let contract: ContractID
  /// What the asker merely claims, as JSON of Cedar's context format; empty for nothing.
  public let asserted: [UInt8]
  /// Credentials or presentations as they were received.
  public let credentials: [[UInt8]]
  /// That presentations must answer; `nil` for none.
  public let challenge: String?
  /// Whom presentations must be meant for; `nil` for anybody.
  public let audience: String?
  /// Two requests that ask the same differ in it; 16 bytes, or none.
  public let nonce: [UInt8]
  /// The last block time at which the request may be recorded; Unix time, `nil` for a request that shall not be.
  public let notAfterMilliseconds: UInt64?
  /// For how long a recorded decision shall be good; 1...60,000.
  public let validityMilliseconds: UInt32
  /// How the agent is one of a batch of sessions; `nil` for one that is enrolled itself.
  public let session: SessionPresentation?

  /// Decodes strictly.
  ///
  /// - Throws: ``AccessRefusal/tooLarge(_:limit:)``, ``AccessRefusal/malformed(_:)``.
  public init(decoding bytes: [UInt8]) throws(AccessRefusal) {
    let message: ProtoAccessRequest
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch {
      throw error.isTooLong ? .tooLarge("request", limit: Self.byteLimit) : .malformed("request")
    }
    guard let network = Digest(message.network) else { throw .malformed("network") }
    guard let principal = try? CairnDID(parsing: message.principal) else { throw .malformed("principal") }
    guard let contract = ContractID(message.contract) else { throw .malformed("contract") }
    try Self.check(message)
    (self.bytes, id, self.network, self.principal, self.contract) = (bytes, Self.id(of: bytes), network, principal, contract)
    (action, resource) = (message.action, message.resource)
    asserted = [UInt8](message.asserted)
    credentials = message.credentials.map { [UInt8]($0) }
    challenge = message.challenge.isEmpty ? nil : message.challenge
    audience = message.audience.isEmpty ? nil : message.audience
    nonce = [UInt8](message.nonce)
    notAfterMilliseconds = message.notAfterMs == 0 ? nil : message.notAfterMs
    validityMilliseconds = message.validMs == 0 ? Self.validityLimitMilliseconds : message.validMs
    do throws(SessionError) {
      session = message.session.isEmpty ? nil : try SessionPresentation(decoding: [UInt8](message.session))
    } catch {
      throw .malformed("session")
    }
  }

  private static func check(_ message: ProtoAccessRequest) throws(AccessRefusal) {
    for (text, name, limit) in [
      (message.action, "action", actionByteLimit), (message.resource, "resource", resourceByteLimit),
    ] {
      guard !text.isEmpty else { throw .malformed(name) }
      guard text.utf8.count <= limit else { throw .tooLarge(name, limit: limit) }
    }
    guard message.asserted.count <= assertedByteLimit else { throw .tooLarge("asserted", limit: assertedByteLimit) }
    guard message.credentials.count <= credentialLimit else { throw .tooManyCredentials }
    for (text, name) in [(message.challenge, "challenge"), (message.audience, "audience")] where text.utf8.count > challengeByteLimit {
      throw .tooLarge(name, limit: challengeByteLimit)
    }
    guard message.nonce.isEmpty || message.nonce.count == nonceByteCount else { throw .malformed("nonce") }
    // The default is written in one way only.
    guard message.validMs < validityLimitMilliseconds else { throw .malformed("valid_ms") }
  }
}

extension AccessRequest {
  /// - Parameters:
  ///   - asserted: JSON of Cedar's context format, an object.
  ///   - nonce: 16 bytes, or none.
  ///   - validityMilliseconds: `nil` for the longest, a minute.
  /// - Throws: what any reader would refuse about it.
  public init(
    network: Digest, principal: CairnDID, action: String, resource: String, contract: String, asserted: [UInt8] = [],
    credentials: [[UInt8]] = [], challenge: String? = nil, audience: String? = nil, nonce: [UInt8] = [],
    notAfterMilliseconds: UInt64? = nil, validityMilliseconds: UInt32? = nil, session: SessionPresentation? = nil
  ) throws(AccessRefusal) {
    var message = ProtoAccessRequest()
    message.network = Data(network.bytes)
    message.principal = principal.description
    (message.action, message.resource, message.contract) = (action, resource, contract)
    message.asserted = Data(asserted)
    message.credentials = credentials.map { Data($0) }
    message.challenge = challenge ?? ""
    message.audience = audience ?? ""
    message.nonce = Data(nonce)
    message.notAfterMs = notAfterMilliseconds ?? 0
    message.validMs = validityMilliseconds.map { $0 == Self.validityLimitMilliseconds ? 0 : $0 } ?? 0
    message.session = Data(session?.bytes ?? [])
    try self.init(decoding: Canonical.encode(message))
  }

  /// H("cairn/access-context/v1" || 0x00 || asserted): by which a receipt names what was claimed.
  public var contextDigest: Digest { Self.contextDigest(of: asserted) }

  public static func contextDigest(of asserted: [UInt8]) -> Digest { .sha256(contextDomain, asserted) }

  /// By a key of the agent's document under `authentication`.
  public func signature(by key: SigningKey) -> KeySignature {
    KeySignature(key: key.publicKey, signature: key.signature(for: Self.domain.message(bytes)))
  }

  /// Whether the signature is one by the key that it names; whose key that is, the state says.
  func isSigned(by signature: KeySignature, _ scheme: any SignatureScheme = Ed25519()) -> Bool {
    scheme.isValid(signature.signature, by: signature.key, for: Self.domain.message(bytes))
  }

  static func id(of bytes: [UInt8]) -> Digest { .sha256(idDomain, bytes) }

  /// JSON in which equal claims are equal bytes, so that whoever checks a receipt finds the same digest.
  public static func encode(_ asserted: CedarRecord) -> [UInt8] { Array(asserted.json.text().utf8) }
}

extension AccessRequest: Hashable {
  public static func == (left: AccessRequest, right: AccessRequest) -> Bool { left.bytes == right.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension CanonicalError {
  fileprivate var isTooLong: Bool {
    if case .tooLong = self { true } else { false }
  }
}
