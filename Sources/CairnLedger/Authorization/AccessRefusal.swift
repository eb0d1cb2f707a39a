public import CairnIdentity
public import CairnPolicy

/// Why a request is denied. The guards come in the order of these cases, and the first that refuses decides; only of the credentials
/// every reason is given.
public enum AccessRefusal: Error, Equatable, Sendable {
  // What was asked.
  /// Not a request; the named field is absent or not what it must be.
  case malformed(String)
  /// In bytes, or what the limits of the policy language count.
  case tooLarge(String, limit: Int)
  /// Nested too deeply.
  case tooDeep
  case tooManyCredentials
  case wrongNetwork
  /// The header is older than the caller allows.
  case staleHeader(ageMilliseconds: UInt64)

  // When it was to be recorded.
  /// The last time at which it may be recorded is past.
  case expired
  /// That time is too far away.
  case tooFarAhead
  /// A block has decided the request.
  case replayed

  // Who asks.
  case unknownDID(CairnDID)
  case deactivated(CairnDID)
  /// By a guardian.
  case isolated(CairnDID)
  /// The agent says that it is one of a batch of sessions.
  case session(AccessSessionRefusal)
  case badSignature
  /// The key that signed is not in the agent's document under `authentication`.
  case wrongKey

  // Who decides.
  case unknownContract(ContractID)
  case contractFrozen
  /// For ever.
  case contractRetired

  // What is shown.
  /// One of the documents, counted from 0.
  case credential(at: Int, CredentialRefusal)

  // What the contract says.
  /// The contract's schema has no such action.
  case unknownAction(String)
  /// What is claimed is not what the contract's schema says; or the schema asks for what the ledger does not know.
  case schemaMismatch(ConformanceFault)
  /// What is claimed is no JSON of Cedar's context format.
  case malformedContext(CedarJSONError.Reason)
  /// More than any contract may cost.
  case tooCostly(limit: Int)
  /// A `forbid` has no value: to skip it, as the language does, would fail open.
  case forbidFailed
  /// A `forbid` is satisfied.
  case forbidden
  /// No `permit` is satisfied.
  case notPermitted

  /// Machine readable: a log field, a metric label and the reason in the answer.
  public var reason: String {
    switch self {
    case .malformed: "malformed"
    case .tooLarge: "too_large"
    case .tooDeep: "too_deep"
    case .tooManyCredentials: "too_many_credentials"
    case .wrongNetwork: "wrong_network"
    case .staleHeader: "stale_header"
    case .expired: "expired"
    case .tooFarAhead: "too_far_ahead"
    case .replayed: "replayed"
    case .unknownDID: "unknown_did"
    case .deactivated: "deactivated"
    case .isolated: "isolated"
    case .session(let refusal): refusal.reason
    case .badSignature: "bad_signature"
    case .wrongKey: "wrong_key"
    case .unknownContract: "unknown_contract"
    case .contractFrozen: "contract_frozen"
    case .contractRetired: "contract_retired"
    case .credential(_, let refusal): "credential_\(refusal.reason)"
    case .unknownAction: "unknown_action"
    case .schemaMismatch: "schema_mismatch"
    case .malformedContext: "malformed_context"
    case .tooCostly: "too_costly"
    case .forbidFailed: "forbid_failed"
    case .forbidden: "forbidden"
    case .notPermitted: "not_permitted"
    }
  }

  /// Whether the policies themselves decided; otherwise a guard did, before they were asked.
  public var isByPolicy: Bool {
    switch self {
    case .forbidFailed, .forbidden, .notPermitted: true
    default: false
    }
  }
}

extension AccessRefusal: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .malformed(let field): "The request cannot be read (\(field))."
    case .tooLarge(let what, let limit): "The \(what) is larger than \(limit)."
    case .tooDeep: "The context is nested too deeply."
    case .tooManyCredentials: "More than \(AccessRequest.credentialLimit) credentials are shown."
    case .wrongNetwork: "The request is for another network."
    case .staleHeader(let age): "The newest proven state is \(age) ms old, which is too old to decide by."
    case .expired: "The last time at which the request may be recorded is past."
    case .tooFarAhead: "The last time at which the request may be recorded is more than ten minutes away."
    case .replayed: "The request has been decided and recorded."
    case .unknownDID(let did): "\(did) does not exist."
    case .deactivated(let did): "\(did) is deactivated."
    case .isolated(let did): "\(did) is isolated."
    case .session(let refusal): refusal.description
    case .badSignature: "The request's signature does not verify."
    case .wrongKey: "The key that signed the request is not one by which the agent authenticates itself."
    case .unknownContract(let id): "There is no policy contract \(id)."
    case .contractFrozen: "The policy contract is frozen."
    case .contractRetired: "The policy contract is retired."
    case .credential(let index, let refusal): "Document \(index + 1): \(refusal.message)"
    case .unknownAction(let action): "The policy contract knows no action \(action)."
    case .schemaMismatch(let fault): "The request does not fit the policy contract's schema: \(fault)."
    case .malformedContext: "What is claimed is not a context in JSON."
    case .tooCostly(let limit): "The decision costs more than \(limit)."
    case .forbidFailed: "A policy that forbids has no value for this request."
    case .forbidden: "A policy forbids it."
    case .notPermitted: "No policy permits it."
    }
  }
}
