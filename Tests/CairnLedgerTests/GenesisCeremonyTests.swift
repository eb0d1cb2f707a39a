import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMessages
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct GenesisCeremonyTests {
  private let template = World.template

  private func entries() throws -> [World.Entry] {
    try ["delta", "alpha", "beta", "gamma"].enumerated().map { index, name in
      try World.Entry(name: name, firstKey: 1 + 10 * index, roles: index == 0 ? [.registrar, .trustee] : [.operator, .trustee])
    }
  }

  @Test("Every order of the entries seals the same genesis, in the order of the names") func order() throws {
    let signed = try entries().map { try $0.signedByAll() }
    let genesis = try template.seal(signed)
    #expect(genesis.validators.validators.map(\.name) == ["alpha", "beta", "delta", "gamma"])
    #expect(genesis.roles.map { $0.contains(.registrar) } == [false, false, true, false])
    var random = SplitMix(seed: 1)
    for _ in 0..<10 {
      #expect(try template.seal(signed.shuffled(using: &random)).bytes == genesis.bytes)
    }
  }

  @Test("Templates and entries survive their way through files") func files() throws {
    #expect(try GenesisTemplate(decoding: template.bytes) == template)
    let signed = try World.entries[0].signedByAll()
    #expect(try SignedGenesisEntry(decoding: signed.bytes) == signed)
    #expect(try SignedGenesisEntry(decoding: signed.bytes).verify(for: template) == World.entries[0].entry)
    #expect(try GenesisEntry(decoding: World.entries[0].entry.bytes) == World.entries[0].entry)
  }

  @Test("A template has no entries, and its hash has a domain of its own") func templates() throws {
    #expect(template.hash == .sha256(Array("cairn/genesis-template/v1\u{0}".utf8) + template.bytes))
    #expect(throws: GenesisError.self) { try GenesisTemplate(decoding: World.genesis.bytes) }
    let message = try ProtoGenesis(serializedBytes: World.genesis.bytes)
    var partial = message
    partial.clearValidators()
    partial.identities = []
    #expect(throws: GenesisError.field("entries")) { try GenesisTemplate(decoding: Canonical.encode(partial)) }
    #expect(throws: GenesisError.field("name")) { try GenesisTemplate(name: "", timeMilliseconds: 1, parameters: Parameters()) }
  }

  @Test("Each of the keys that an entry names has to sign it") func signatures() throws {
    let entry = World.entries[0]
    let wrong = key(999)
    func error(consensus: SigningKey? = nil, node: SigningKey? = nil, identity: [SigningKey]? = nil) -> GenesisError? {
      let signed = entry.entry.signed(
        for: template, consensusKey: consensus ?? entry.keys.consensus, nodeKey: node ?? entry.keys.node,
        identityKeys: identity ?? [entry.keys.identity])
      do {
        _ = try signed.verify(for: template)
        return nil
      } catch { return error }
    }
    #expect(error() == nil)
    #expect(error(consensus: wrong) == .entrySignature(validator: "alpha", by: "consensus_key"))
    #expect(error(node: wrong) == .entrySignature(validator: "alpha", by: "node_key"))
    #expect(error(identity: []) == .entrySignature(validator: "alpha", by: "identity"))
    #expect(error(identity: [wrong]) == .entrySignature(validator: "alpha", by: "identity"))
    #expect(error(identity: [wrong, entry.keys.identity]) == nil)
    #expect(error(identity: [entry.keys.identity, entry.keys.identity]) == .entrySignature(validator: "alpha", by: "identity"))
  }

  @Test("A signature covers domain, template and entry") func signedBytes() throws {
    let signed = try World.entries[0].signedByAll()
    let message = Array("cairn/genesis-entry/v1\u{0}".utf8) + template.hash.bytes + signed.entry
    #expect(World.entries[0].keys.node.publicKey.isValid(signed.nodeSignature, for: message))
  }

  @Test("An entry that was changed, or signed for another template, is refused") func tampered() throws {
    let signed = try World.entries[0].signedByAll()
    let changed = try ProtoGenesisEntry(serializedBytes: signed.entry)
    var message = changed
    message.roles = [.trustee]
    let tampered = SignedGenesisEntry(
      entry: Canonical.encode(message), consensusSignature: signed.consensusSignature, nodeSignature: signed.nodeSignature,
      identitySignatures: signed.identitySignatures)
    let refusal = GenesisError.entrySignature(validator: "alpha", by: "consensus_key")
    #expect(throws: refusal) { try template.seal([tampered, try World.entries[1].signedByAll()]) }
    let other = try GenesisTemplate(name: "other", timeMilliseconds: 1, parameters: template.parameters)
    #expect(throws: refusal) { try other.seal([signed]) }
  }

  @Test("One identity or one validator cannot come twice") func duplicates() throws {
    let signed = try World.entries.map { try $0.signedByAll() }
    #expect(throws: GenesisError.validators(.validatorSet(.duplicateName("alpha")))) { try template.seal(signed + [signed[0]]) }
    let twin = try World.Entry(name: "twin", firstKey: 1, roles: [.trustee])
    #expect(throws: GenesisError.validators(.validatorSet(.duplicateKey(validator: "twin")))) {
      try template.seal(signed + [twin.signedByAll()])
    }
  }

  @Test("An entry names valid keys, an identity without controller, and known roles") func badEntries() throws {
    let good = World.entries[0].entry
    func error(_ change: (inout ProtoGenesisEntry) -> Void) throws -> GenesisError? {
      var message = try ProtoGenesisEntry(serializedBytes: good.bytes)
      change(&message)
      do {
        _ = try GenesisEntry(decoding: Canonical.encode(message))
        return nil
      } catch { return error }
    }
    #expect(try error { _ in } == nil)
    #expect(try error { $0.clearValidator() } == .field("entry"))
    #expect(try error { $0.clearIdentity() } == .field("entry"))
    #expect(try error { $0.validator.name = "Alpha" } == .validators(.validatorSet(.name("Alpha"))))
    #expect(try error { $0.roles = [.registrar, .trustee] } == .roles)
    #expect(
      try error { $0.identity.control.controller = World.trustee.description } == .identity(0, .control(.foreignController)))
  }
}
