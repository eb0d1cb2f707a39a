/// What checks signatures. Production has one, ``Ed25519``; a simulator may put a faster one behind the same interface.
public protocol SignatureScheme: Sendable {
  func isValid(_ signature: Signature, by key: PublicKey, for message: [UInt8]) -> Bool
}

/// Strict Ed25519, see ``PublicKey/isValid(_:for:)``.
public struct Ed25519: SignatureScheme {
  public init() {}

  public func isValid(_ signature: Signature, by key: PublicKey, for message: [UInt8]) -> Bool {
    key.isValid(signature, for: message)
  }
}
