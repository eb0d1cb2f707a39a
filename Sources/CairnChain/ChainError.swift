public import CairnCrypto

/// Why bytes that claim to be part of the chain were refused.
public enum ChainError: Error, Equatable, Sendable {
  case encoding(CanonicalError)
  /// A field that must hold a digest, key, signature or known value does not.
  case field(String)
  case version(UInt32)
  case wrongNetwork
  case validatorSet(ValidatorSetError)
  case certificate(CertificateError)

  /// Machine readable; a metric label and a log field.
  public var reason: String {
    switch self {
    case .encoding(.tooLong): "too_long"
    case .encoding(.malformed): "malformed"
    case .encoding(.notCanonical): "not_canonical"
    case .field: "bad_field"
    case .version: "unknown_version"
    case .wrongNetwork: "wrong_network"
    case .validatorSet(let error): error.reason
    case .certificate(let error): error.reason
    }
  }
}

public enum ValidatorSetError: Error, Equatable, Sendable {
  case count(Int)
  case name(String)
  case duplicateName(String)
  case key(validator: String)
  case duplicateKey(validator: String)
  case address(validator: String)
  case duplicateAddress(validator: String)

  public var reason: String {
    switch self {
    case .count: "validator_count"
    case .name: "validator_name"
    case .duplicateName: "validator_name_taken"
    case .key: "validator_key"
    case .duplicateKey: "validator_key_taken"
    case .address: "validator_address"
    case .duplicateAddress: "validator_address_taken"
    }
  }
}

public enum CertificateError: Error, Equatable, Sendable {
  case bitmapLength
  case unknownSigner
  case signatureCount
  case belowQuorum(signers: Int, quorum: Int)
  case wrongEpoch(UInt64)
  case badSignature(validator: Int)
  case statement

  public var reason: String {
    switch self {
    case .bitmapLength: "certificate_bitmap"
    case .unknownSigner: "certificate_signer"
    case .signatureCount: "certificate_count"
    case .belowQuorum: "certificate_quorum"
    case .wrongEpoch: "certificate_epoch"
    case .badSignature: "certificate_signature"
    case .statement: "certificate_statement"
    }
  }
}
