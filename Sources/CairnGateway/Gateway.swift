import CairnIdentity
import HTTPTypes

/// Answers HTTP requests about the ledger. Knows nothing of sockets.
package struct Gateway: Sendable {
  private let source: any GatewaySource
  private let metrics: PrometheusRegistry?
  /// Unix time in milliseconds.
  private let now: @Sendable () -> UInt64

  /// - Parameter metrics: what `/metrics` shows; `nil` leaves it out.
  package init(_ source: any GatewaySource, metrics: PrometheusRegistry? = nil, now: @escaping @Sendable () -> UInt64) {
    (self.source, self.metrics, self.now) = (source, metrics, now)
  }

  package func answer(_ request: GatewayRequest) async -> GatewayResponse {
    if let refusal = refusal(of: request) { return refusal }
    let path = request.path
    var response: GatewayResponse
    switch path {
    case "/healthz": response = GatewayResponse(.ok, .json, JSON.object([JSON.Member("status", .string("alive"))]).bytes)
    case "/readyz": response = await readiness
    case "/metrics" where metrics != nil: response = GatewayResponse(.ok, .metrics, Array((metrics?.text ?? "").utf8))
    case _ where path.hasPrefix(IdentifierService.prefix):
      response = IdentifierService(source: source).answer(request, identifier: path.dropFirst(IdentifierService.prefix.count))
      response.headers[.vary] = "Accept"
    case _ where path.hasPrefix(StatusListRoute.prefix):
      response = StatusListRoute(source: source).answer(request, rest: path.dropFirst(StatusListRoute.prefix.count))
      response.headers[.vary] = "Accept"
    default:
      response =
        GatewayProblem(
          status: .notFound, reason: "unknown_path",
          detail: "There is nothing at this path: DIDs are at \(IdentifierService.prefix) and the DID."
        ).response
    }
    if request.method == .head { response = response.withoutBody }
    return response
  }

  /// What is wrong with a request whatever it asks for.
  private func refusal(of request: GatewayRequest) -> GatewayResponse? {
    guard request.target.utf8.count <= IdentifierQuestion.targetByteLimit else { return Self.tooLong.response }
    guard request.method == .get || request.method == .head else {
      var response =
        GatewayProblem(
          status: .methodNotAllowed, reason: "method_not_allowed",
          detail: "Only GET and HEAD are answered here: nothing is written over HTTP."
        ).response
      response.headers[.allow] = "GET, HEAD"
      return request.hasBody ? response.closing : response
    }
    guard !request.hasBody else {
      return GatewayProblem(status: .contentTooLarge, reason: "body_not_allowed", detail: "No request here has a body: send none.").response
        .closing
    }
    return nil
  }

  private static let tooLong = GatewayProblem(
    status: .uriTooLong, reason: "target_too_long",
    detail: "The path and the query have at most \(IdentifierQuestion.targetByteLimit) bytes together: check the identifier.")

  private var readiness: GatewayResponse {
    get async { Readiness(await source.status(), heartbeatMilliseconds: source.heartbeatMilliseconds, now: now()).response }
  }
}

extension GatewayResponse {
  /// What HEAD answers: what GET would have, and its length, but not the content itself.
  fileprivate var withoutBody: GatewayResponse {
    var response = self
    if status != .notModified { response.headers[.contentLength] = "\(body.count)" }
    response.body = []
    return response
  }

  /// Ends the connection: the body that is still coming is not read.
  fileprivate var closing: GatewayResponse {
    var response = self
    response.headers[.connection] = "close"
    return response
  }
}
