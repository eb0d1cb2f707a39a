import CairnCrypto
import CairnIdentity
package import HTTPTypes

/// A complete answer, whatever carries it.
package struct GatewayResponse: Sendable, Hashable {
  package var status: HTTPResponse.Status
  package var headers: HTTPFields
  package var body: [UInt8]

  init(_ status: HTTPResponse.Status, _ type: MediaType, _ body: [UInt8], caching: Caching = .never) {
    self.status = status
    self.body = body
    headers = Self.standing
    headers[.contentType] = type.description
    headers[.cacheControl] = caching.rawValue
  }

  /// How long the answer stays true.
  enum Caching: String {
    /// An error, or the node's condition.
    case never = "no-store"
    /// What a DID is now: kept, but asked about each time.
    case revalidated = "no-cache"
    /// A version that another one has replaced. It never changes.
    case forever = "public, max-age=31536000, immutable"
  }

  /// On every answer: any page may read it, nothing may run it, frame it or guess another type for it.
  private static let standing: HTTPFields = [
    .accessControlAllowOrigin: "*",
    .accessControlExposeHeaders: "ETag",
    .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
    .xContentTypeOptions: "nosniff",
    .referrerPolicy: "no-referrer",
    .crossOriginResourcePolicy: "cross-origin",
  ]

  /// Adds the validator of the body, and answers a client that has this very body with that fact alone (RFC 9110, section 13).
  func revalidated(by headers: HTTPFields) -> GatewayResponse {
    var response = self
    let tag = "\"\(Digest.sha256(body))\""
    response.headers[.eTag] = tag
    guard status == .ok, let known = headers[.ifNoneMatch], Self.names(known, tag) else { return response }
    response.status = .notModified
    response.headers[.contentLength] = "\(body.count)"
    response.body = []
    response.headers[.contentType] = nil
    return response
  }

  /// Weak comparison: what a client stored is as good with `W/` before it.
  private static func names(_ header: String, _ tag: String) -> Bool {
    header.split(separator: ",").contains { entry in
      let entry = entry.drop { $0 == " " }.prefix { $0 != " " }
      return entry == "*" || entry == tag || entry == "W/\(tag)"
    }
  }
}

extension HTTPField.Name {
  static let referrerPolicy = Self("Referrer-Policy").unsafelyNamed
  static let crossOriginResourcePolicy = Self("Cross-Origin-Resource-Policy").unsafelyNamed
}

extension Optional<HTTPField.Name> {
  fileprivate var unsafelyNamed: HTTPField.Name {
    guard let self else { preconditionFailure("the name is a token") }
    return self
  }
}

/// What is wrong with a request, beyond what DID resolution has a name for (RFC 9457).
struct GatewayProblem {
  let status: HTTPResponse.Status
  /// Machine readable, snake_case.
  let reason: String
  /// One sentence for a person.
  let detail: String

  var response: GatewayResponse {
    let body = JSON.object([
      JSON.Member("detail", .string(detail)), JSON.Member("reason", .string(reason)), JSON.Member("status", .number(Double(status.code))),
      JSON.Member("title", .string(status.reasonPhrase)), JSON.Member("type", .string("about:blank")),
    ])
    return GatewayResponse(status, .problem, body.bytes)
  }
}

extension JSON {
  /// RFC 8785.
  var bytes: [UInt8] {
    guard let bytes = try? JCS.encode(self) else { preconditionFailure("no number here is infinite and no key is there twice") }
    return bytes
  }
}
