import CairnChain
import CairnGateway
import CairnIdentity
import CairnNode
import Dispatch
import HTTPTypes
import Synchronization

extension FuzzTarget {
  /// The first line is the request target, each other one a header field, as an HTTP parser hands them on.
  static let http = FuzzTarget(
    "http", "HTTP requests: paths, identifiers, options and headers, and their answer", byteLimit: 16 << 10,
    words: [
      "/1.0/identifiers/", "/1.0/status-lists/", "/healthz", "/readyz", "?", "&", "=", "%", "%20", "%2F", "%00", "#", "did:cairn:",
      "versionId=", "versionTime=", "2024-02-29T23:59:59Z", "service=", "relativeRef=", "time=", "\naccept: ", "*/*;q=0.5",
      "application/did-resolution", "application/vc", "application/statuslist+jwt", "\nif-none-match: ", "W/\"", "\ncontent-length: 0",
    ],
    seeds: {
      let world = FuzzWorld.shared
      return [
        "/1.0/identifiers/\(world.agent)", "/1.0/identifiers/\(world.agent)?versionId=0\naccept: application/did-resolution",
        "/1.0/identifiers/\(world.agent)?versionTime=2030-01-01T00:00:00Z", "/1.0/identifiers/\(world.agent)%23key-10",
        "/1.0/status-lists/\(world.owner)/cards?time=1700000003\naccept: application/vc, */*;q=0.1",
        "/1.0/status-lists/\(world.owner)/cards\naccept: application/statuslist+jwt\nif-none-match: W/\"a\", \"b\"", "/readyz", "/healthz",
      ].map { Array($0.utf8) }
    }
  ) { input in
    guard let text = String(validating: input, as: UTF8.self) else { return false }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var request = GatewayRequest(target: String(lines[0]))
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon])) else { return false }
      request.headers.append(HTTPField(name: name, value: String(line[line.index(after: colon)...].drop { $0 == " " })))
    }
    let response = waiting { [request] in await gateway.answer(request) }
    try require(response.status.code != 500, "the node cannot answer: \(String(decoding: response.body, as: UTF8.self))")
    return response.status.kind == .successful
  }

  private static let gateway = Gateway(
    NodeSource(queries: NodeServices.shared.queries, backend: NodeServices.shared.backend), now: { FuzzWorld.shared.head.timeMilliseconds })

  private static func waiting<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) -> Result {
    let (result, done) = (Box<Result>(), DispatchSemaphore(value: 0))
    Task {
      let answer = await body()
      result.value.withLock { $0 = answer }
      done.signal()
    }
    done.wait()
    guard let answer = result.value.withLock(\.self) else { preconditionFailure("the task has come to its end") }
    return answer
  }

  private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }
}
