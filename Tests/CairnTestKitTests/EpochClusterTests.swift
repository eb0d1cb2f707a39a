import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNode
import CairnTestKit
import Foundation
import Testing

@Suite(.serialized) struct EpochClusterTests {
  private static let day: UInt64 = 86_400_000

  private static func options(trustees: Int = 2) -> LocalCluster.Options {
    var options = LocalCluster.Options()
    options.trustees = trustees
    options.parameters.trusteeThreshold = UInt32(trustees)
    options.parameters.heartbeatMilliseconds = 200
    return options
  }

  @Test("A node that is added follows while trustees decide, and votes from its epoch on") func added() async throws {
    try await LocalCluster.with(nodes: 4, options: Self.options()) { cluster in
      let index = try await cluster.add(named: "node-5")
      #expect(try await cluster.status(of: index)?.voting == false)
      let id = try await cluster.propose(.add(cluster.validator(of: index)))
      // The proposal alone lets it in, and it catches up.
      let height = try #require(cluster.height(of: 0))
      try await cluster.waitUntil { (cluster.height(of: index) ?? 0) > height }
      let before = try #require(try await cluster.status(of: index))
      #expect(before.info.epoch == 0 && !before.voting && before.notVotingBecause == "not_a_validator")
      try await cluster.client.approve(id, by: cluster.network.trustees[1])
      for node in 0...4 {
        try await cluster.waitUntil {
          guard let status = try await cluster.status(of: node) else { return false }
          return status.info.epoch == 1 && status.voting && status.validators.count == 5
        }
      }
      // Four of five must agree: without one of the others it takes the new one.
      await cluster.stop(node: 1)
      let key = SigningKey.generate()
      let agent = try await cluster.register(key: key)
      let client = try cluster.client(of: index)
      #expect(try await client.resolve(agent).did == agent)
      await client.close()
      // What it has signed it knows after a restart.
      await cluster.stop(node: index)
      try await cluster.restart(node: index)
      try await cluster.waitUntil { try await cluster.status(of: index)?.voting ?? false }
      _ = try await cluster.register(key: .generate())
    }
  }

  @Test("A validator that is removed votes no more, follows and serves; a stopped one learns of it when it comes back") func removed()
    async throws
  {
    try await LocalCluster.with(nodes: 5, options: Self.options()) { cluster in
      await cluster.stop(node: 3)
      try await cluster.decide(.remove("node-5"))
      try await cluster.waitUntil { try await cluster.status(of: 4)?.info.epoch == 1 }
      #expect(try await cluster.status(of: 4)?.voting == false)
      try await cluster.decide(.remove("node-4"))
      for node in [0, 1, 2] { try await cluster.waitUntil { try await cluster.status(of: node)?.info.epoch == 2 } }
      let agent = try await cluster.register(key: .generate())
      try await cluster.restart(node: 3)
      for node in [3, 4] {
        try await cluster.waitUntil { (cluster.height(of: node) ?? 0) >= (cluster.height(of: 0) ?? .max) }
        let status = try #require(try await cluster.status(of: node))
        #expect(status.info.epoch == 2 && !status.voting && status.notVotingBecause == "not_a_validator")
        let client = try cluster.client(of: node)
        #expect(try await client.resolve(agent).did == agent)
        await client.close()
      }
    }
  }

  @Test("A client follows the validators from the genesis through every epoch, and so does a node") func manyEpochs() async throws {
    try await LocalCluster.with(nodes: 5, options: Self.options(trustees: 1)) { cluster in
      let first = try #require(try await cluster.status(of: 4)).validators[4]
      let validator = try Validator(first)
      await cluster.stop(node: 2)
      for round in 0..<6 {
        try await cluster.decide(round.isMultiple(of: 2) ? .remove(validator.name) : .add(validator.moved(round)))
        try await cluster.waitUntil { try await cluster.status(of: 0)?.info.epoch == UInt64(round + 1) }
      }
      let agent = try await cluster.register(key: .generate())
      let client = try cluster.client(of: 0)
      let resolved = try await client.resolve(agent)
      #expect(resolved.did == agent)
      #expect(client.newest?.header.epoch == 6)
      await client.close()
      try await cluster.restart(node: 2)
      try await cluster.waitUntil {
        guard let status = try await cluster.status(of: 2) else { return false }
        return status.info.epoch == 6 && status.voting
      }
    }
  }

  @Test("A validator's consensus key is replaced") func replacedKey() async throws {
    try await LocalCluster.with(nodes: 4, options: Self.options(trustees: 1)) { cluster in
      let key = SigningKey.generate()
      var validator = try Validator(try #require(try await cluster.status(of: 2)).validators[2])
      validator.consensusKey = key.publicKey
      validator.peerAddress = "127.0.0.1:2"
      validator.clientAddress = "127.0.0.1:2"
      try await cluster.decide(.replace(validator.name, validator))
      try await cluster.waitUntil {
        guard let status = try await cluster.status(of: 2) else { return false }
        return status.info.epoch == 1 && !status.voting
      }
      await cluster.stop(node: 2)
      try await cluster.restart(node: 2) { $0.voteKey = .held(key) }
      try await cluster.waitUntil { try await cluster.status(of: 2)?.voting ?? false }
      await cluster.stop(node: 0)
      let client = try cluster.client(of: 2)
      let control = try Control(update: key.publicKey, next: SigningKey.generate().publicKey)
      _ = try await client.create(
        control: control, document: .signing(with: key.publicKey), keys: [key], by: cluster.network.registrar)
      await client.close()
    }
  }
}

extension LocalCluster {
  private static let day: UInt64 = 86_400_000

  /// By the first trustee.
  fileprivate func propose(_ change: GovernanceAction.ValidatorChange) async throws -> ProposalID {
    let expires = UInt64(Date().timeIntervalSince1970 * 1_000) + Self.day
    return try await client.propose(.changeValidators(change), expiresMilliseconds: expires, by: network.trustees[0]).0
  }

  /// By all trustees.
  fileprivate func decide(_ change: GovernanceAction.ValidatorChange) async throws {
    let id = try await propose(change)
    for trustee in network.trustees.dropFirst() { try await client.approve(id, by: trustee) }
  }
}

extension Validator {
  /// The genesis of a local cluster has one address for all.
  fileprivate func moved(_ round: Int) -> Validator {
    var validator = self
    (validator.peerAddress, validator.clientAddress) = ("127.0.0.1:\(10 + round)", "127.0.0.1:\(10 + round)")
    return validator
  }
}
