import CairnIdentity
import CairnNetwork
import CairnNode
import HTTPTypes

/// Error types of W3C DID Resolution, section "Errors", each with the HTTP status that its HTTP(S) binding demands.
enum ResolutionErrorType: String, CaseIterable {
  case invalidDID = "INVALID_DID"
  case invalidDIDURL = "INVALID_DID_URL"
  case invalidOptions = "INVALID_OPTIONS"
  case notFound = "NOT_FOUND"
  case representationNotSupported = "REPRESENTATION_NOT_SUPPORTED"
  case methodNotSupported = "METHOD_NOT_SUPPORTED"
  case featureNotSupported = "FEATURE_NOT_SUPPORTED"
  case internalError = "INTERNAL_ERROR"
  /// Of Controlled Identifiers 1.0, section 3.5, as the next one.
  case invalidVerificationMethod = "INVALID_VERIFICATION_METHOD"
  case invalidRelationship = "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"

  var iri: String {
    switch self {
    case .invalidVerificationMethod, .invalidRelationship: "https://w3id.org/security#" + rawValue
    default: "https://www.w3.org/ns/did#" + rawValue
    }
  }

  var status: HTTPResponse.Status {
    switch self {
    case .invalidDID, .invalidDIDURL, .invalidOptions: .badRequest
    case .notFound: .notFound
    case .representationNotSupported: .notAcceptable
    case .methodNotSupported, .featureNotSupported: .notImplemented
    // "Any other error" has 500 in the binding's table.
    case .internalError, .invalidVerificationMethod, .invalidRelationship: .internalServerError
    }
  }

  var title: String {
    switch self {
    case .invalidDID: "Not a DID"
    case .invalidDIDURL: "Not a DID URL"
    case .invalidOptions: "Invalid resolution options"
    case .notFound: "Not found"
    case .representationNotSupported: "Representation not supported"
    case .methodNotSupported: "DID method not supported"
    case .featureNotSupported: "Feature not supported"
    case .internalError: "Internal error"
    case .invalidVerificationMethod: "Not a verification method"
    case .invalidRelationship: "Not allowed for this relationship"
    }
  }
}

/// Why a DID is not resolved, or a DID URL not dereferenced.
struct ResolutionProblem: Error, Hashable {
  let type: ResolutionErrorType
  /// Machine readable, snake_case; more precise than the type.
  let reason: String
  /// One sentence for a person: what is wrong and what to do.
  let detail: String
  /// In seconds.
  var retryAfter: Int?

  init(_ type: ResolutionErrorType, _ reason: String, _ detail: String) {
    (self.type, self.reason, self.detail) = (type, reason, detail)
  }

  /// RFC 9457, with `reason` as its extension.
  var json: JSON {
    .object([
      JSON.Member("detail", .string(detail)), JSON.Member("reason", .string(reason)),
      JSON.Member("status", .number(Double(type.status.code))), JSON.Member("title", .string(type.title)),
      JSON.Member("type", .string(type.iri)),
    ])
  }
}

extension ResolutionProblem {
  /// The node refused what this gateway asked.
  init(_ failure: ServiceFailure) {
    switch failure.status {
    case .notFound, .outOfRange: self.init(.notFound, failure.reason, failure.message)
    case .invalidArgument: self.init(.invalidOptions, failure.reason, failure.message)
    case .unimplemented: self.init(.featureNotSupported, failure.reason, failure.message)
    case .unavailable, .resourceExhausted:
      self.init(.internalError, failure.reason, failure.message)
      retryAfter = 1
    default: self.init(.internalError, failure.reason, failure.message)
    }
  }

  /// - Parameter isURL: whether the text has more than a DID.
  init(_ error: DIDError, isURL: Bool) {
    switch error {
    case .wrongMethod:
      self.init(
        .methodNotSupported, error.reason, "Only DIDs of the method cairn are resolved here: ask a resolver for that method.")
    case .duplicateParameter(let name):
      self.init(
        .invalidDIDURL, error.reason, "The parameter \(name) is there twice, and which one counts would be a guess: give it once.")
    case .invalidPath, .invalidQuery, .invalidFragment:
      self.init(.invalidDIDURL, error.reason, "The text is not a DID URL (\(error.reason)): check that it is complete and escaped.")
    default:
      self.init(
        isURL ? .invalidDIDURL : .invalidDID, error.reason,
        "The text is not a DID (\(error.reason)): check that it is complete and copied exactly.")
    }
  }

  static let methodNotCairn = ResolutionProblem(.wrongMethod, isURL: false)

  static let damagedAnswer = ResolutionProblem(
    .internalError, "damaged_answer", "This node's answer does not say what was asked: ask another node, and tell this one's operator.")
}
