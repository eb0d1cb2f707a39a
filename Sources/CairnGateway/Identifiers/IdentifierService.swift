import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNode
import HTTPTypes

/// `GET /1.0/identifiers/{did-or-did-url}`: the HTTP(S) binding of W3C DID Resolution.
struct IdentifierService {
  static let prefix = "/1.0/identifiers/"

  let source: any GatewaySource

  /// - Parameter identifier: what follows ``prefix`` in the path, as it came.
  func answer(_ request: GatewayRequest, identifier: Substring) -> GatewayResponse {
    let accept = Accept(request.headers[.accept])
    do throws(ResolutionProblem) {
      return try answer(IdentifierQuestion(identifier: identifier, query: request.query, network: source.network), accept)
        .revalidated(by: request.headers)
    } catch {
      return IdentifierAnswer.preliminary(accept).failure(error)
    }
  }

  private func answer(_ question: IdentifierQuestion, _ accept: Accept) throws(ResolutionProblem) -> GatewayResponse {
    guard let offer = accept.preferred(of: question.fragment == nil ? IdentifierForm.forDIDs : IdentifierForm.forParts) else {
      throw ResolutionProblem(
        .representationNotSupported, "not_acceptable",
        question.fragment == nil
          ? "A DID is had as application/did-resolution or application/did: accept one of them."
          : "A part of a document is had as application/did-url-dereferencing or application/did: accept one of them.")
    }
    let answer = IdentifierAnswer(offer)
    let version = try resolve(question)
    guard !version.record.isDeactivated else { return answer.gone(version, network: source.network) }
    guard let fragment = question.fragment else {
      guard question.options.verificationRelationship == nil else { throw .relationshipOfDocument }
      return answer.success(version.document, of: version, network: source.network)
    }
    let part = try version.part(fragment, in: question.options.verificationRelationship)
    return answer.success(part, of: version, network: source.network)
  }

  private func resolve(_ question: IdentifierQuestion) throws(ResolutionProblem) -> ResolvedVersion {
    var request = ProtoResolveRequest()
    request.did = question.did.description
    switch question.options.version {
    case .id(let id): request.versionID = id
    case .time(let time): request.versionTimeMs = time.milliseconds
    case nil: break
    }
    let proven: [UInt8]
    do throws(ServiceFailure) { proven = try source.resolution(request) } catch { throw ResolutionProblem(error) }
    return try ResolvedVersion(proven: proven, of: question.did, question.options.version)
  }
}

extension ResolutionProblem {
  fileprivate static let relationshipOfDocument = ResolutionProblem(
    .invalidVerificationMethod, "no_verification_method", "A document is no verification method: name one by its fragment.")
}
