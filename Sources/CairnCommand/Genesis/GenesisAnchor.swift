import ArgumentParser
import CairnChain
import CairnCrypto
import CairnLedger

struct GenesisAnchor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anchor", abstract: "Write the trust anchor of a network: the one file that its clients have to be given.")

  @Argument(help: "The genesis file.", completion: .file()) var file: String
  @Argument(help: "The trust anchor file to make.", completion: .file(extensions: ["json"])) var anchor: String
  @OptionGroup var output: OutputOptions

  private struct Written: Encodable {
    let anchor: String
    let network: String
    let fingerprint: String
  }

  func run() throws {
    let genesis = try GenesisFiles.readGenesis(file)
    try Files.create(anchor, "trust anchor", genesis.trustAnchor.fileBytes)
    output.print(
      Written(anchor: anchor, network: genesis.network.description, fingerprint: genesis.fingerprint),
      text: "Wrote the trust anchor \(anchor) of the network with fingerprint \(genesis.fingerprint).")
  }
}

extension Genesis {
  /// The genesis block, and the validators of its epoch.
  var trustAnchor: TrustAnchor {
    let header = GenesisBlock(self).header
    return TrustAnchor(network: network, epoch: header.epoch, height: header.height, digest: header.digest, validators: validators)
  }
}
