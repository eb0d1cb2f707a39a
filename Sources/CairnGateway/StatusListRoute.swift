package import CairnIdentity
package import CairnMessages
package import CairnNode
import HTTPTypes

/// A status list as a document for those who check credentials.
package struct StatusListDocument: Sendable {
  package let bytes: [UInt8]
  /// For example `application/vc`.
  package let mediaType: String

  package init(bytes: [UInt8], mediaType: String) { (self.bytes, self.mediaType) = (bytes, mediaType) }
}

/// Makes the documents of status lists.
package protocol StatusListSource: Sendable {
  /// - Parameters:
  ///   - name: of the list among those of its issuer; at most ``StatusListRoute/nameByteLimit`` bytes of A-Z, a-z, 0-9, `-` and `_`.
  ///   - form: `.credential` or `.token`.
  func document(issuer: CairnDID, name: String, form: ProtoStatusListForm) async throws(ServiceFailure) -> StatusListDocument
}

/// `GET /1.0/status-lists/{did}/{name}`: where the `id` of a status list credential leads.
package struct StatusListRoute: Sendable {
  static let prefix = "/1.0/status-lists/"
  package static let nameByteLimit = 64

  private static let forms: [(MediaType, ProtoStatusListForm)] = [
    (.credential, .credential), (.statusListToken, .token), (.json, .credential),
  ]

  let source: (any StatusListSource)?

  /// - Parameter rest: what follows ``prefix`` in the path, as it came.
  func answer(_ request: GatewayRequest, rest: Substring) async -> GatewayResponse {
    guard let source else {
      return GatewayProblem(
        status: .notImplemented, reason: "status_lists_not_served",
        detail: "This node does not serve status lists over HTTP: ask another one."
      ).response
    }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let did = PercentEncoding.decode(parts[0]).flatMap({ try? CairnDID(parsing: $0) }),
      let name = PercentEncoding.decode(parts[1]), Self.isName(name)
    else {
      return GatewayProblem(
        status: .badRequest, reason: "invalid_status_list", detail: "A status list is named by its issuer's DID and a name."
      )
      .response
    }
    guard let (_, form) = Accept(request.headers[.accept]).preferred(of: Self.forms) else {
      return GatewayProblem(
        status: .notAcceptable, reason: "not_acceptable",
        detail: "A status list is had as application/vc or application/statuslist+jwt: accept one of them."
      ).response
    }
    do throws(ServiceFailure) {
      let document = try await source.document(issuer: did, name: name, form: form)
      var response = GatewayResponse(.ok, .json, document.bytes, caching: .revalidated)
      response.headers[.contentType] = document.mediaType
      return response.revalidated(by: request.headers)
    } catch {
      let type = ResolutionProblem(error).type
      return GatewayProblem(status: type.status, reason: error.reason, detail: error.message).response
    }
  }

  private static func isName(_ text: String) -> Bool {
    (1...nameByteLimit).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
