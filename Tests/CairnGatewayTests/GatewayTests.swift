import CairnIdentity
import CairnMessages
import CairnNetwork
import CairnNode
import HTTPTypes
import Testing

@testable import CairnGateway

@Suite struct GatewayTests {
  @Test("HEAD has everything that GET has but the content")
  func head() async throws {
    let (gateway, _, lineage) = try Gateway.stubbed()
    for target in ["/1.0/identifiers/\(lineage.did)", "/1.0/identifiers/nonsense", "/healthz", "/nowhere"] {
      let get = await gateway.get(target)
      let head = await gateway.answer(GatewayRequest(method: .head, target: target))
      #expect(head.status == get.status && head.body.isEmpty)
      #expect(head.headers[.contentLength] == "\(get.body.count)")
      #expect(head.headers[.eTag] == get.headers[.eTag] && head.headers[.contentType] == get.headers[.contentType])
    }
  }

  @Test("Nothing is written over HTTP", arguments: [.post, .put, .delete, .options, .patch, .connect, .trace] as [HTTPRequest.Method])
  func methods(_ method: HTTPRequest.Method) async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let response = await gateway.answer(GatewayRequest(method: method, target: "/1.0/identifiers/\(lineage.did)"))
    #expect(response.status == .methodNotAllowed && response.headers[.allow] == "GET, HEAD")
    #expect(response.contentType == "application/problem+json")
    #expect(source.asked.isEmpty)
  }

  @Test("No body is taken, whatever its length is said to be")
  func bodies() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let target = "/1.0/identifiers/\(lineage.did)"
    for headers in [[.contentLength: "1"], [.contentLength: "x"], [.transferEncoding: "chunked"]] as [HTTPFields] {
      let response = await gateway.get(target, headers: headers)
      #expect(response.outcome == "413 - body_not_allowed")
      #expect(response.headers[.connection] == "close")
    }
    #expect(source.asked.isEmpty)
    #expect(await gateway.get(target, headers: [.contentLength: "0"]).status == .ok)
  }

  @Test("A client that has the body hears that it is still this one")
  func revalidation() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let target = "/1.0/identifiers/\(lineage.did)"
    let first = await gateway.get(target)
    let tag = try #require(first.headers[.eTag])
    for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
      let second = await gateway.get(target, headers: [.ifNoneMatch: known])
      #expect(second.status == .notModified && second.body.isEmpty && second.headers[.eTag] == tag)
    }
    source.answer(with: try lineage.newest(1))
    let changed = await gateway.get(target, headers: [.ifNoneMatch: tag])
    #expect(changed.status == .ok && changed.headers[.eTag] != tag)
  }

  @Test(
    "Other paths lead nowhere, and nothing is normalized",
    arguments: ["", "/", "/1.0/identifiers", "/2.0/identifiers/x", "/healthz/", "//healthz", "/1.0/../healthz", "/HEALTHZ", "healthz", "*"])
  func paths(_ target: String) async throws {
    let (gateway, _, _) = try Gateway.stubbed()
    #expect(await gateway.get(target).outcome == "404 - unknown_path")
  }

  @Test("A target beyond all identifiers is not looked at")
  func longTarget() async throws {
    let (gateway, source, _) = try Gateway.stubbed()
    let response = await gateway.get("/1.0/identifiers/" + String(repeating: "a", count: IdentifierQuestion.targetByteLimit))
    #expect(response.outcome == "414 - target_too_long")
    #expect(source.asked.isEmpty)
  }

  @Test("A process that answers is alive") func alive() async throws {
    let (gateway, source, _) = try Gateway.stubbed()
    source.say(nil)
    let response = await gateway.get("/healthz?x=1")
    #expect(response.status == .ok && response.json?["status"]?.string == "alive")
    #expect(response.headers[.cacheControl] == "no-store")
  }

  @Test("A node is ready while blocks become final, and says why when not")
  func readiness() async throws {
    let now: UInt64 = 1_800_000_000_000
    let (gateway, source, _) = try Gateway.stubbed(now: now)
    let limit = Readiness.graceMilliseconds + 3 * source.heartbeatMilliseconds
    func outcome(age: UInt64, notVotingBecause: String = "") async -> String {
      var status = ProtoNodeStatus()
      status.info.height = 7
      status.lastFinalMs = now - age
      status.notVotingBecause = notVotingBecause
      status.stalledBecause = "waiting for node-2 to propose in view 9"
      source.say(status)
      return await gateway.get("/readyz").outcome
    }
    #expect(await outcome(age: 0) == "200 - -")
    #expect(await outcome(age: limit) == "200 - -")
    #expect(await outcome(age: limit + 1) == "503 - not_finalizing")
    #expect(await gateway.get("/readyz").json?["detail"]?.string == "waiting for node-2 to propose in view 9")
    #expect(await outcome(age: 0, notVotingBecause: "waiting_for_peers") == "503 - waiting_for_peers")
    #expect(await outcome(age: 0, notVotingBecause: "operator_request") == "200 - -")
    source.say(nil)
    #expect(await gateway.get("/readyz").outcome == "503 - unavailable")
  }
}
