package import HTTPTypes

/// What of an HTTP request decides its answer.
package struct GatewayRequest: Sendable {
  package var method: HTTPRequest.Method
  /// The request target: path and query, as it came.
  package var target: String
  package var headers: HTTPFields

  package init(method: HTTPRequest.Method = .get, target: String, headers: HTTPFields = [:]) {
    self.method = method
    self.target = target
    self.headers = headers
  }

  /// Whether something follows the head. Nothing here takes a body.
  var hasBody: Bool {
    if headers[.transferEncoding] != nil { return true }
    guard let length = headers[.contentLength] else { return false }
    return Int(length) != 0
  }

  /// Up to the question mark; percent-encodings as they came.
  var path: Substring { target.prefix { $0 != "?" } }

  /// Behind the question mark; `nil` without one.
  var query: Substring? { target.firstIndex(of: "?").map { target[target.index(after: $0)...] } }
}
