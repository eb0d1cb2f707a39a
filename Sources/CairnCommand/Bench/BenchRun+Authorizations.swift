import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnPolicy
import NIOCore

extension BenchRun {
  private static let contract = "bench"
  private static let policyCount = 10

  /// How many authorizations a second one node proves, each decided again by the client; and what the policies take of that.
  mutating func runAuthorizations() async throws {
    let (cluster, node) = (cluster, cluster.nodes[0])
    announce("authorizations")
    try measurePolicies()
    let requests = try await requests()
    for inFlight in [1, Self.readsInFlight] {
      let connection = try await cluster.connections(to: [node])[0]
      let figures = try await measure("Cairn RPC, \(inFlight) in flight", node, inFlight: inFlight, seconds: 0.3 * seconds) { meter in
        await Self.ask(requests, over: connection, inFlight: inFlight, meter)
      }
      report.authorizations.append(figures)
      await connection.close()
      try Task.checkCancellation()
    }
  }

  private static func ask(_ requests: [AccessRequest], over connection: VerifiedConnection, inFlight: Int, _ meter: ReadMeter) async {
    await withTaskGroup(of: Void.self) { group in
      for first in 0..<inFlight {
        group.addTask {
          var index = first
          while !meter.isOver {
            let start = NIODeadline.now()
            do {
              let answer = try await connection.authorize(requests[index % requests.count]).get()
              guard answer.isAllowed else { return meter.failed(answer.decision.refusals[0].reason, isDishonest: false) }
              meter.succeeded(since: start, byteCount: answer.proof.count)
            } catch {
              let error = error as? CairnError
              return meter.failed(error?.problemReason ?? "unknown", isDishonest: error?.isDishonest ?? false)
            }
            index += inFlight
          }
        }
      }
    }
  }

  /// A contract of ten policies, a status list, and agents that each have a credential.
  private func requests() async throws -> [AccessRequest] {
    let (client, registrar) = (cluster.client, cluster.registrar)
    let network = fleet.network
    guard let id = ContractID(Self.contract) else { preconditionFailure("a name of a contract") }
    let version = try ContractVersion(
      id: id, policies: Array(Self.policies.utf8), schema: Array(Self.schema.utf8), owners: [registrar.did], network: network)
    _ = try await client.perform([.deploy(version, network: network)], keys: [], by: registrar)
    let list = try StatusListID(issuer: registrar.did, name: "bench-access")
    _ = try await client.createStatusList(list, purpose: .revocation, by: registrar)
    // Whole seconds, none that is still to come.
    let now = Timestamp(milliseconds: Timestamp.now.milliseconds / 1_000 * 1_000)
    return try fleet.agents.prefix(Self.readsInFlight).enumerated().map { index, agent in
      let credential = try AgentCredential(
        issuer: cluster.issuer.did, subject: DID(parsing: agent.did.description), role: "worker", permissions: ["tool:7"], validFrom: now,
        statuses: [CredentialStatusEntry(purpose: .revocation, list: list, index: UInt64(index))])
      return try AccessRequest(
        network: network, principal: agent.did, action: "tool:7", resource: "staging/shop", contract: Self.contract,
        credentials: [credential.secured(by: cluster.issuer).bytes])
    }
  }

  private mutating func measurePolicies() throws {
    let compiled = try CompiledContract(policies: Array(Self.policies.utf8), schema: Array(Self.schema.utf8))
    let agent = try Self.uid("Cairn::Agent", "did:example:agent")
    let resource = try Self.uid("Cairn::Resource", "staging/shop")
    let claims = CedarRecord([
      CedarRecord.Field("roles", .set(CedarSet([.string("worker")]))),
      CedarRecord.Field("permissions", .set(CedarSet([.string("tool:7")]))),
      CedarRecord.Field("delegationDepth", .long(0)),
    ])
    let attributes = CedarRecord([CedarRecord.Field("credentials", .record(claims ?? .empty))])
    let id = CedarRecord([CedarRecord.Field("id", .string("staging/shop"))])
    let entities = Entities(
      [Entity(agent, attributes: attributes ?? .empty), Entity(resource, attributes: id ?? .empty)] + compiled.schema.actionEntities)
    let request = CairnPolicy.AuthorizationRequest(principal: agent, action: try Self.uid("Cairn::Action", "tool:7"), resource: resource)
    let response = compiled.policies.isAuthorized(request, entities: entities)
    precondition(response.decision == .allow, "the measured decision is the ordinary one")
    let (clock, count) = (ContinuousClock(), 20_000)
    let time = clock.measure { for _ in 0..<count { _ = compiled.policies.isAuthorized(request, entities: entities) } }
    report.policy = PolicyFigures(
      policies: compiled.policies.policies.count, decisionUs: time.seconds * 1e6 / Double(count), cost: response.cost,
      checks: try WorstContracts.all.map(check))
  }

  private func check(_ sample: WorstContracts.Sample) throws -> ContractCheckFigures {
    let version = try WorstContracts.version(sample, owner: cluster.registrar.did, network: fleet.network)
    var refusal: String?
    let times = (0..<3).map { _ in
      ContinuousClock().measure {
        do throws(ContractFault) {
          _ = try CompiledContract.checked(version)
          refusal = nil
        } catch {
          refusal = error.reason
        }
      }
    }
    return ContractCheckFigures(name: sample.name, milliseconds: (times.min() ?? .zero).seconds * 1e3, refusal: refusal)
  }

  private static func uid(_ type: String, _ identifier: String) throws -> EntityUID {
    guard let type = EntityTypeName(parsing: type) else { preconditionFailure("a name of identifiers") }
    return EntityUID(type, Text(identifier))
  }

  private static let schema = """
    namespace Cairn {
      entity Agent { credentials?: { roles: Set<String>, permissions: Set<String>, delegationDepth: Long } };
      entity Resource { id: String };
      action \((0..<policyCount - 2).map { "\"tool:\($0)\"" }.joined(separator: ", ")) appliesTo {
        principal: Agent, resource: Resource, context: {}
      };
    }
    """

  /// One permit for each of eight tools, and two forbids that are for all.
  private static let policies =
    (0..<policyCount - 2).map { number in
      """
      @id("tool-\(number)") permit(principal, action == Cairn::Action::"tool:\(number)", resource)
      when { principal has credentials && principal.credentials.permissions.contains("tool:\(number)") && resource.id like "staging/*" };
      """
    }.joined(separator: "\n") + """

      @id("depth") forbid(principal, action, resource)
      when { principal has credentials && principal.credentials.delegationDepth > 3 };
      @id("interns") forbid(principal, action, resource)
      when { principal has credentials && principal.credentials.roles.contains("intern") };
      """
}
