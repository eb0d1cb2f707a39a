import CairnChain
import CairnCrypto
import CairnLedger

/// Entries and sealed genesis files.
enum GenesisFiles {
  static func readGenesis(_ path: String) throws(CommandFailure) -> Genesis {
    let bytes = try Armor.read(path, as: .genesis)
    do { return try Genesis(decoding: bytes) } catch { throw GenesisSentence.failure(error, "the genesis file \(path)") }
  }

  static func writeGenesis(_ genesis: Genesis, to path: String) throws(CommandFailure) {
    var words = ["The genesis of the Cairn network \(genesis.name), fingerprint \(genesis.fingerprint).", "Validators:"]
    words += genesis.validators.validators.map { "  \($0.name)  peers \($0.peerAddress)  clients \($0.clientAddress)" }
    words.append("Check it with: cairn genesis show FILE")
    try Files.create(path, "genesis file", Armor.encode(genesis.bytes, as: .genesis, words: words))
  }

  static func readEntry(_ path: String) throws(CommandFailure) -> SignedGenesisEntry {
    let bytes = try Armor.read(path, as: .entry)
    do { return try SignedGenesisEntry(decoding: bytes) } catch { throw GenesisSentence.failure(error, "the entry \(path)") }
  }

  /// The entry, when its signatures are for this template.
  static func readEntry(_ path: String, for template: GenesisTemplate) throws(CommandFailure) -> (SignedGenesisEntry, GenesisEntry) {
    let signed = try readEntry(path)
    do { return (signed, try signed.verify(for: template)) } catch { throw GenesisSentence.failure(error, "the entry \(path)") }
  }

  /// The entry, when its signatures are for this network, which runs already.
  static func readEntry(_ path: String, forNetwork network: Digest) throws(CommandFailure) -> GenesisEntry {
    do { return try readEntry(path).verify(forNetwork: network) } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw GenesisSentence.failure(error as? GenesisError ?? .field("entry"), "the entry \(path)")
    }
  }

  static func writeEntry(
    _ signed: SignedGenesisEntry, of entry: GenesisEntry, for network: JoinedNetwork, to path: String
  ) throws(CommandFailure) {
    let words = [
      "Entry of the operator \(entry.validator.name) for the Cairn network \(network.name).",
      "Made for the \(network.isRunning ? "genesis" : "template") with fingerprint \(network.fingerprint). Nothing in it is secret.",
      "Roles: \(entry.roles.roles.map(\.name).joined(separator: ", ")).",
    ]
    try Files.create(path, "genesis entry", Armor.encode(signed.bytes, as: .entry, words: words))
  }
}
