import CairnChain
public import CairnCrypto

/// Where a node answers Cairn RPC, and how the client knows that it is that node.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// How the node at the other end is recognized.
  public enum Authentication: Hashable, Sendable {
    /// TLS 1.3 with this node key.
    case nodeKey(PublicKey)
    /// TLS 1.3 with the node key that the trust anchor has for this validator.
    case validator(name: String)
    /// TLS 1.3 with the node key of the validator that the trust anchor has at this address.
    case validatorAtAddress
    /// Plain TCP. Answers are proven all the same; what can be read and withheld on the way is the caller's concern.
    case plaintext
  }

  /// `host:port`; empty for the address that the trust anchor has for the validator.
  public let address: String
  public let authentication: Authentication

  /// - Parameter address: `host:port`, that of a validator in the trust anchor.
  public init(_ address: String) {
    (self.address, authentication) = (address, .validatorAtAddress)
  }

  /// - Parameter address: `host:port`.
  public init(_ address: String, nodeKey: PublicKey) {
    (self.address, authentication) = (address, .nodeKey(nodeKey))
  }

  /// - Parameters:
  ///   - validator: its name in the trust anchor.
  ///   - address: `host:port` where it is reached; `nil` for the address in the trust anchor.
  public init(validator: String, at address: String? = nil) {
    (self.address, authentication) = (address ?? "", .validator(name: validator))
  }

  /// Without TLS: for tests, and for the administration of a node on its own host.
  public init(plaintext address: String) {
    (self.address, authentication) = (address, .plaintext)
  }

  public var description: String {
    switch authentication {
    case .nodeKey, .validatorAtAddress: address
    case .validator(let name): address.isEmpty ? name : "\(name) at \(address)"
    case .plaintext: "\(address) (plain TCP)"
    }
  }
}

/// An endpoint with everything that a connection to it needs.
struct ResolvedEndpoint: Sendable {
  let endpoint: Endpoint
  private(set) var address: HostAndPort
  /// `nil` for plain TCP.
  private(set) var nodeKey: PublicKey?

  init(_ endpoint: Endpoint, anchor: TrustAnchor) throws(CairnError) {
    self.endpoint = endpoint
    let validators = anchor.validators.validators
    var text = endpoint.address
    switch endpoint.authentication {
    case .plaintext: nodeKey = nil
    case .nodeKey(let key): nodeKey = key
    case .validator(let name):
      guard let validator = validators.first(where: { $0.name == name }) else {
        throw .invalidEndpoint(endpoint, because: "the trust anchor has no validator of that name")
      }
      nodeKey = validator.nodeKey
      if text.isEmpty { text = validator.clientAddress }
    case .validatorAtAddress:
      guard let validator = validators.first(where: { $0.clientAddress == text }) else {
        throw .invalidEndpoint(endpoint, because: "the trust anchor has no validator at that address: give its name or its node key")
      }
      nodeKey = validator.nodeKey
    }
    guard let address = HostAndPort(text) else { throw .invalidEndpoint(endpoint, because: "an address is host:port") }
    self.address = address
  }

  init?(_ endpoint: Endpoint, _ validator: Validator) {
    guard let address = HostAndPort(validator.clientAddress) else { return nil }
    (self.endpoint, self.address, nodeKey) = (endpoint, address, validator.nodeKey)
  }

  /// Takes over what has changed about the validator that the endpoint names.
  mutating func follow(_ validators: ValidatorSet) {
    guard case .validator(let name) = endpoint.authentication, let validator = validators.validators.first(where: { $0.name == name })
    else { return }
    nodeKey = validator.nodeKey
    if endpoint.address.isEmpty, let address = HostAndPort(validator.clientAddress) { self.address = address }
  }

  /// The validators of the anchor in random order, so that clients spread over them.
  static func validators(of anchor: TrustAnchor) throws(CairnError) -> [ResolvedEndpoint] {
    var endpoints: [ResolvedEndpoint] = []
    for validator in anchor.validators.validators.shuffled() {
      endpoints.append(try ResolvedEndpoint(Endpoint(validator: validator.name), anchor: anchor))
    }
    return endpoints
  }
}
