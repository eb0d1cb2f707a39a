import CairnCrypto
import CairnIdentity
import HTTPTypes

/// The form in which a client wants to hear of an identifier.
enum IdentifierForm {
  /// Document, both metadata and proof.
  case resolutionResult
  /// Document or a part of it, with both metadata.
  case dereferencingResult
  /// The document or the part alone.
  case resource

  /// What is offered for a DID, the best first.
  static let forDIDs: [(MediaType, IdentifierForm)] = [
    (.didResolution, .resolutionResult), (.did, .resource), (.didLinkedData, .resource), (.didJSON, .resource),
    (.olderDIDResolution, .resolutionResult), (.json, .resolutionResult), (.didURLDereferencing, .dereferencingResult),
  ]

  /// What is offered for a DID URL with a fragment. Its resource is a part of a document, which no resolution result can hold.
  static let forParts: [(MediaType, IdentifierForm)] = [
    (.didURLDereferencing, .dereferencingResult), (.did, .resource), (.didLinkedData, .resource), (.didJSON, .resource),
    (.json, .dereferencingResult),
  ]
}

/// What a client hears of an identifier: W3C DID Resolution, sections "DID Resolution Result" and "DID URL Dereferencing Result".
struct IdentifierAnswer {
  let type: MediaType
  let form: IdentifierForm

  /// How an answer is written before it is known what was asked for.
  static func preliminary(_ accept: Accept) -> IdentifierAnswer {
    IdentifierAnswer(accept.preferred(of: IdentifierForm.forDIDs) ?? (.didResolution, .resolutionResult))
  }

  init(_ offer: (MediaType, IdentifierForm)) { (type, form) = offer }

  /// - Parameter resource: the document, or the part that was asked for; JSON.
  func success(_ resource: [UInt8], of version: ResolvedVersion, network: Digest) -> GatewayResponse {
    let caching: GatewayResponse.Caching = version.next == nil ? .revalidated : .forever
    guard form != .resource else { return GatewayResponse(.ok, type, resource, caching: caching) }
    let metadata = JSON.object([JSON.Member("contentType", .string(MediaType.did.description))])
    return GatewayResponse(.ok, type, write(resource, version.metadata(network: network), metadata), caching: caching)
  }

  /// The DID was deactivated: there is no document any more, and the proof says so.
  func gone(_ version: ResolvedVersion, network: Digest) -> GatewayResponse {
    let answer = form == .resource ? IdentifierAnswer((.didResolution, .resolutionResult)) : self
    let body = answer.write(Array("null".utf8), version.metadata(network: network), .object([]))
    return GatewayResponse(.gone, answer.type, body, caching: .revalidated)
  }

  func failure(_ problem: ResolutionProblem) -> GatewayResponse {
    let answer = form == .resource ? IdentifierAnswer((.didResolution, .resolutionResult)) : self
    let body = answer.write(Array("null".utf8), .object([]), .object([JSON.Member("error", problem.json)]))
    var response = GatewayResponse(problem.type.status, answer.type, body)
    response.headers[.retryAfter] = problem.retryAfter.map { "\($0)" }
    return response
  }

  /// The resource stands there byte for byte as its hash covers it.
  private func write(_ resource: [UInt8], _ about: JSON, _ process: JSON) -> [UInt8] {
    let names =
      form == .dereferencingResult
      ? (resource: "content", about: "contentMetadata", process: "dereferencingMetadata")
      : (resource: "didDocument", about: "didDocumentMetadata", process: "didResolutionMetadata")
    var bytes = Array("{\"\(names.resource)\":".utf8)
    bytes += resource
    bytes += ",\"\(names.about)\":".utf8
    bytes += about.bytes
    bytes += ",\"\(names.process)\":".utf8
    bytes += process.bytes
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }
}
