import CairnIdentity
import CairnMessages
import CairnNode
import Foundation
import HTTPTypes
import SwiftProtobuf

/// `GET /1.0/status-lists/{did}/{name}` and `/1.0/status-lists/{did}/sessions/{digest}`: where the `id` of a status list leads.
///
/// The parameter `time`, Unix seconds, asks for an earlier moment (Token Status List, section "Historical resolution").
struct StatusListRoute {
  static let prefix = "/1.0/status-lists/"
  /// Digits of a moment: far beyond the year 9999.
  private static let timeDigitLimit = 12

  private static let forms: [(MediaType, ProtoStatusListForm)] = [
    (.credential, .credential), (.statusListToken, .token), (.json, .credential),
  ]

  let source: any GatewaySource

  /// - Parameter rest: what follows ``prefix`` in the path, as it came.
  func answer(_ request: GatewayRequest, rest: Substring) -> GatewayResponse {
    // The host carries no authority, so that any will do.
    guard let list = try? StatusListID(url: "https://node/status-lists/\(rest)") else {
      return GatewayProblem(
        status: .badRequest, reason: "invalid_status_list", detail: "A status list is named by its issuer's DID and a name: check both."
      ).response
    }
    guard let (_, form) = Accept(request.headers[.accept]).preferred(of: Self.forms) else {
      return GatewayProblem(
        status: .notAcceptable, reason: "not_acceptable",
        detail: "A status list is had as application/vc or application/statuslist+jwt: accept one of them."
      ).response
    }
    var question = ProtoStatusListRequest()
    question.list = list.description
    question.form = form
    if let query = request.query {
      guard let time = Self.time(query) else {
        return GatewayProblem(
          status: .badRequest, reason: "invalid_options", detail: "The only option is time, in whole Unix seconds: leave others out."
        ).response
      }
      question.atMs = time * 1_000
    }
    do throws(ServiceFailure) { return answer(request, form, try source.statusList(question)) } catch {
      return GatewayProblem(status: ResolutionProblem(error).type.status, reason: error.reason, detail: error.message).response
    }
  }

  /// - Parameter answer: a `Proven` message whose payload is a `StatusListPage`.
  private func answer(_ request: GatewayRequest, _ form: ProtoStatusListForm, _ answer: [UInt8]) -> GatewayResponse {
    guard var proven = try? ProtoProven(serializedBytes: answer), var page = try? ProtoStatusListPage(serializedBytes: proven.payload)
    else { return Self.unavailable.response }
    let (document, isSigned) = ([UInt8](page.document), page.isSigned)
    guard !document.isEmpty else {
      return GatewayProblem(
        status: .notFound, reason: "unknown_status_list", detail: "There is no such status list, or there was none at that time."
      ).response
    }
    if form == .token {
      guard isSigned else { return Self.unsignedToken.response }
      return response(to: request, .statusListToken, document)
    }
    guard !isSigned else { return response(to: request, .credential, document) }
    page.document = Data()
    proven.payload = (try? page.serializedData()) ?? Data()
    // Of a list that takes several pages only a part would be proven: whoever needs more asks over RPC.
    let proof: [UInt8]? = page.nextChunk == 0 ? try? proven.serializedBytes() : nil
    return response(to: request, .credential, proof.flatMap { Self.with($0, in: document, network: "\(source.network)") } ?? document)
  }

  private func response(to request: GatewayRequest, _ type: MediaType, _ body: [UInt8]) -> GatewayResponse {
    GatewayResponse(.ok, type, body, caching: .revalidated).revalidated(by: request.headers)
  }

  /// The credential with the ledger's proof in place of the issuer's.
  private static func with(_ proven: [UInt8], in document: [UInt8], network: String) -> [UInt8]? {
    guard let members = (try? JSON(parsing: document, limit: document.count))?.object else { return nil }
    return JSON.object(members + [JSON.Member("proof", .cairnProof(proven, network: network))]).bytes
  }

  private static func time(_ query: Substring) -> UInt64? {
    let parts = query.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "time", (1...timeDigitLimit).contains(parts[1].utf8.count),
      parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return UInt64(parts[1])
  }

  private static let unavailable = GatewayProblem(
    status: .internalServerError, reason: "storage_failed", detail: "This node cannot read its own data: ask another one.")

  private static let unsignedToken = GatewayProblem(
    status: .notAcceptable, reason: "status_list_not_signed",
    detail: "The issuer has signed no token of the list as it is now: accept application/vc, which the ledger proves.")
}
