import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct GenesisTests {
  private let genesis = World.genesis

  private func error(_ change: (inout ProtoGenesis) -> Void) throws -> GenesisError? {
    var message = try ProtoGenesis(serializedBytes: genesis.bytes)
    change(&message)
    do {
      _ = try Genesis(decoding: Canonical.encode(message))
      return nil
    } catch { return error }
  }

  @Test("The network is the hash of the genesis, and a genesis is what its bytes say") func network() throws {
    #expect(genesis.network == .sha256(genesis.bytes))
    let read = try Genesis(decoding: genesis.bytes)
    #expect(read.dids == genesis.dids)
    #expect(read.roles == genesis.roles)
    #expect(read.parameters == genesis.parameters)
    #expect(read.validators == genesis.validators)
    #expect(read.name == "test" && read.timeMilliseconds == 1_000_000)
    #expect(genesis.dids.allSatisfy { $0.isOf(network: genesis.network) })
  }

  @Test("The fingerprint is four groups of base32") func fingerprint() {
    let groups = genesis.fingerprint.split(separator: "-")
    #expect(groups.map(\.count) == [4, 4, 4, 4])
    #expect(groups.joined() == Base32.encode(genesis.network.bytes).prefix(16))
  }

  @Test("The first block follows from the genesis alone") func block() throws {
    let (block, again) = (GenesisBlock(genesis), GenesisBlock(try Genesis(decoding: genesis.bytes), over: MemoryLedger()))
    #expect(block.header.bytes == again.header.bytes)
    #expect(block.rows == again.rows)
    let header = block.header
    #expect(header.height == 0 && header.view == 0 && header.epoch == 0 && header.logSize == 0 && header.proposer == 0)
    #expect(header.parent == .zero && header.logRoot == .sha256([]) && header.timeMilliseconds == 1_000_000)
    #expect(header.network == genesis.network && header.validatorsHash == genesis.validators.hash)
    #expect(block.state.frontier.root == LogTree.root(of: [LogEntry.header(header.bytes).leafHash]))
  }

  @Test("The first state has the identities, their roles and the parameters") func rows() throws {
    let block = GenesisBlock(genesis)
    let keys =
      genesis.dids.map(\.stateKey) + genesis.dids.map(\.rolesKey) + [
        Parameters.stateKey, ConstitutionRecord.stateKey, GovernanceRecord.stateKey, ValidatorSet.stateKey(epoch: 0),
      ]
    #expect(block.rows.map(\.key) == keys.sorted())
    for row in block.rows {
      let value = try StateValue(decoding: row.value)
      #expect(value.recordHash == .sha256(row.record))
      #expect(value.changedAt == 0 && !value.isTombstone)
      #expect(block.state.tree[row.key] == row.value)
    }
    let record = try #require(try block.state.version(of: World.registrar)?.record)
    #expect(record.head == genesis.identities[0].head)
    #expect(record.createdMilliseconds == 1_000_000)
    #expect(record.documentHash == .sha256(record.documentJSON))
    let constitution = try ConstitutionRecord(decoding: try #require(try block.state.record(forKey: ConstitutionRecord.stateKey)))
    #expect(constitution.source == .standard && constitution.version == 0 && constitution.changedMilliseconds == 1_000_000)
    #expect(try Parameters(decoding: try #require(try block.state.record(forKey: Parameters.stateKey))) == genesis.parameters)
  }

  @Test("A genesis is strict: fields, names and counts") func fields() throws {
    #expect(try error { _ in } == nil)
    #expect(try error { $0.version = 2 } == .version(2))
    #expect(try error { $0.clearValidators() } == .field("validators"))
    #expect(try error { $0.clearParameters() } == .field("parameters"))
    #expect(try error { $0.clearConstitution() } == .field("constitution"))
    #expect(try error { $0.constitution.policies = "permit (" }?.reason == "constitution_malformed")
    #expect(try error { $0.constitution.policies = "" } == .constitution(.noPermitForTrustees(.governancePropose)))
    #expect(try error { $0.constitution.tests += "deny - did.update\n" }?.reason == "constitution_test_failed")
    #expect(try error { $0.name = "" } == .field("name"))
    #expect(try error { $0.name = String(repeating: "a", count: 65) } == .field("name"))
    #expect(try error { $0.name = "caf\u{e9}" } == .field("name"))
    #expect(try error { $0.validators.validators = [] } == .validators(.validatorSet(.count(0))))
    #expect(try error { $0.validators.validators[1] = $0.validators.validators[0] } == .validators(.validatorSet(.duplicateName("alpha"))))
    #expect(throws: GenesisError.encoding(.notCanonical)) { try Genesis(decoding: genesis.bytes + [0x78, 1]) }
    #expect(throws: GenesisError.encoding(.malformed)) { try Genesis(decoding: [0xff]) }
  }

  @Test("Its identities are valid and differ") func identities() throws {
    #expect(try error { $0.identities = [] } == .identityCount(0))
    #expect(try error { $0.identities[1] = $0.identities[0] } == .duplicateIdentity(1))
    #expect(try error { $0.identities[1].salt = Data() } == .identity(1, .malformed("salt")))
    let did = CairnDID(network: genesis.network, create: .zero).description
    #expect(try error { $0.identities[0].control.controller = did } == .identity(0, .control(.foreignController)))
    #expect(
      try error { $0.identities[0].control.update[0].publicKey = Data([1] + [UInt8](repeating: 0, count: 31)) }
        == .identity(0, .control(.invalidKey(.update))))
    #expect(
      try error { $0.identities[0].document.verificationMethods[0].fragment = "" }
        == .identity(0, .document(.invalidMethodFragment(at: 0))))
  }

  @Test("Its roles are in order and of identities that it has") func roles() throws {
    #expect(try error { $0.roles.swapAt(0, 1) } == .roles)
    #expect(try error { $0.roles.append($0.roles[$0.roles.count - 1]) } == .roles)
    #expect(try error { $0.roles[$0.roles.count - 1].identity = 4 } == .roles)
    #expect(try error { $0.roles[0].role = .unspecified } == .roles)
  }

  @Test("Its parameters are in their ranges") func parameters() throws {
    #expect(try error { $0.parameters.maxTransactionBytes = (60 << 10) + 1 } == .parameter("max_transaction_bytes"))
    #expect(try error { $0.parameters.maxTransactionBytes = (8 << 10) - 1 } == .parameter("max_transaction_bytes"))
    #expect(try error { $0.parameters.maxBlockBytes = (60 << 10) - 1 } == .parameter("max_block_bytes"))
    #expect(try error { $0.parameters.maxBlockBytes = (1 << 20) + 1 } == .parameter("max_block_bytes"))
    #expect(try error { $0.parameters.maxValidityBlocks = 0 } == .parameter("max_validity_blocks"))
    #expect(try error { $0.parameters.maxValidityBlocks = 1_001 } == .parameter("max_validity_blocks"))
    #expect(try error { $0.parameters.heartbeatMs = 0 } == .parameter("heartbeat_ms"))
    #expect(try error { $0.parameters.heartbeatMs = 3_600_001 } == .parameter("heartbeat_ms"))
  }

  @Test("There are as many trustees as governance needs") func trustees() throws {
    #expect(try error { $0.parameters.trusteeThreshold = 1 } == nil)
    #expect(try error { $0.parameters.trusteeThreshold = 3 } == .parameter("trustee_threshold"))
    #expect(try error { $0.parameters.trusteeThreshold = 0 } == .parameter("trustee_threshold"))
    #expect(try error { $0.roles.removeFirst() } == .parameter("trustee_threshold"))
  }

  @Test("Hostile bytes never trap", arguments: 0..<4) func hostile(seed: UInt64) {
    var random = SplitMix(seed: seed)
    for _ in 0..<50 {
      let bytes = random.mutation(of: genesis.bytes)
      if let read = try? Genesis(decoding: bytes) { #expect(read.network != genesis.network || bytes == genesis.bytes) }
    }
  }
}
