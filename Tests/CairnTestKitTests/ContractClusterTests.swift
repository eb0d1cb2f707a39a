import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnTestKit
import Foundation
import Testing

@Suite struct ContractClusterTests {
  private static let schema = """
    namespace Cairn {
      entity Agent { keyAgeSeconds: Long }; entity Resource;
      action use appliesTo { principal: Agent, resource: Resource };
    }
    """
  private static let policies = """
    permit (principal, action, resource);
    forbid (principal, action, resource) unless { principal.keyAgeSeconds > 1 };
    """

  private func version(
    _ id: ContractID, after record: ContractRecord? = nil, policies: String = policies, owner: CairnDID, network: Digest
  ) throws -> ContractVersion {
    try ContractVersion(
      id: id, version: (record?.version ?? 0) + 1, previous: record?.hash, policies: Array(policies.utf8), schema: Array(Self.schema.utf8),
      owners: [owner], network: network)
  }

  @Test("A contract is deployed, upgraded, frozen, unfrozen, attested and retired, and every node proves it")
  func lifecycle() async throws {
    var options = LocalCluster.Options()
    options.patience = .seconds(60)
    try await LocalCluster.with(nodes: 4, options: options) { cluster in
      let id = try #require(ContractID("tools"))
      let (author, network) = (cluster.network.registrar, cluster.network.genesis.network)
      let guardians = cluster.network.operators.filter { $0.did != author.did }
      let client = cluster.client
      await #expect(throws: CairnError.self) { try await client.contract(id) }
      let first = try version(id, owner: author.did, network: network)
      _ = try await client.deploy(first, by: author)
      let deployed = try await client.contract(id)
      #expect(deployed.contract.isInForce && deployed.contract.version == first && !deployed.isAuditOverdue)

      let weaker = try version(
        id, after: deployed.contract.newest, policies: "permit (principal, action, resource);", owner: author.did, network: network)
      await #expect(throws: CairnError.self) { try await client.upgrade(to: weaker, by: author) }
      _ = try await client.upgrade(to: weaker, guardian: guardians[0], by: author)
      _ = try await client.freeze(id, by: guardians[0])
      let frozen = try await client.contract(id)
      #expect(frozen.contract.newest.isFrozen && frozen.contract.version == weaker)
      _ = try await client.unfreeze(frozen.contract.newest, with: guardians[1], by: guardians[2])
      _ = try await client.attest(id, hash: weaker.hash, statement: "read", by: guardians[1])
      _ = try await client.retire(id, by: author)

      for index in 0..<4 {
        let reader = try cluster.client(of: index)
        try await cluster.waitUntil { (try? await reader.contract(id).contract.newest.isRetired) ?? false }
        let newest = try await reader.contract(id, having: weaker).contract
        #expect(newest.version == weaker && newest.newest.sequence == 5 && newest.newest.attestation?.auditor == guardians[1].did)
        #expect(try await reader.contract(id, at: .version(1)).contract.version == first)
        let then = deployed.contract.newest.updatedMilliseconds
        let past = try await reader.contract(id, at: .time(milliseconds: then)).contract
        #expect(past.record == deployed.contract.newest && past.version == first && !past.isInForce)
        let thaw = try await reader.contract(id, at: .time(milliseconds: frozen.contract.newest.updatedMilliseconds)).contract
        #expect(thaw.record.isFrozen && thaw.version == weaker)
        do {
          _ = try await reader.contract(id, at: .time(milliseconds: then - 1))
          Issue.record("the contract did not exist then")
        } catch let error as CairnError {
          #expect(error.reason == "contract_not_yet_deployed")
        }
        do {
          _ = try await reader.contract(id, at: .version(3))
          Issue.record("there is no such version")
        } catch let error as CairnError {
          #expect(error.reason == "unknown_version")
        }
        await reader.close()
      }
      try await expectEvents(client, id)
    }
  }

  private func expectEvents(_ client: CairnClient, _ id: ContractID) async throws {
    let filter = EventFilter(contracts: [id.name])
    var kinds: [String] = []
    for try await block in client.events(after: EventPosition(height: 0), filter: filter) {
      for entry in block.transactions {
        kinds += entry.transaction.operations.compactMap { OperationSubject($0, network: client.network)?.kind }
      }
      if kinds.count >= 6 { break }
    }
    #expect(
      kinds == [
        "contract_deploy", "contract_upgrade", "contract_freeze", "contract_unfreeze", "contract_attest", "contract_retire",
      ])
  }
}
