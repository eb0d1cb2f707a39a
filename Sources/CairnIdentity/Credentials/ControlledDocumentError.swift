/// Why a text is not a controlled identifier document that a key may be taken from.
public enum ControlledDocumentError: Error, Equatable, Sendable {
  case json(JSONError)
  /// A member that is missing, or not of the required shape.
  case malformed(String)
  case tooManyMethods
  /// Not the document of the identifier that was asked for.
  case wrongIdentifier
  /// Two methods or services of one identifier: which one counts would be the reader's guess.
  case duplicateIdentifier
  /// A private key. Whoever published it should consider the key lost.
  case privateKey

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .json(let error): error.reason
    case .malformed: "malformed_document"
    case .tooManyMethods: "too_many_verification_methods"
    case .wrongIdentifier: "wrong_document_identifier"
    case .duplicateIdentifier: "duplicate_document_identifier"
    case .privateKey: "private_key"
    }
  }
}
