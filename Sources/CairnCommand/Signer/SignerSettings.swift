import CairnCrypto
import CairnSigner
import Logging

/// A signer's configuration: `signer.yaml` in its directory.
struct SignerSettings {
  private static let byteLimit = 64 << 10
  /// Before the name of a node: its public node key.
  private static let nodePrefix = "nodes."

  let address: SignerAddress
  let passphraseFile: String?
  /// Which may ask over TLS.
  let nodes: Set<PublicKey>
  let level: Logger.Level
  let isJSON: Bool

  private enum Name: String, CaseIterable {
    case listen
    case passphraseFile = "passphrase_file"
    case logLevel = "log.level"
    case logFormat = "log.format"
  }

  /// - Parameter listen: over the file's.
  init(_ files: SignerFiles, listen: String?) throws(CommandFailure) {
    let path = files.configuration
    let settings = try YAMLSettings(
      try Files.read(path, "signer's configuration", limit: Self.byteLimit), path: path, "signer's configuration")
    try settings.checkNames(Name.allCases.map(\.rawValue), isFree: { $0.hasPrefix(Self.nodePrefix) })
    let value = { (name: Name) in settings.entries.first { $0.name == name.rawValue } }
    guard let text = listen ?? value(.listen)?.value else {
      throw .refused("bad_value", "\(path) does not say where to listen: set listen to unix:/PATH or host:port.")
    }
    guard let address = SignerAddress(text) else {
      throw .refused(
        "bad_value", "The signer cannot listen on \(text): give unix: and an absolute path of at most 103 bytes, or host:port.")
    }
    self.address = address
    passphraseFile = value(.passphraseFile).map { Files.path($0.value, relativeTo: path) }
    var nodes: Set<PublicKey> = []
    for entry in settings.entries where entry.name.hasPrefix(Self.nodePrefix) {
      guard let key = Hex.decode(entry.value).flatMap({ PublicKey($0) }), key.isValidPoint else {
        throw .refused("bad_value", "\(path):\(entry.line): \(entry.name) is not the 64 hex digits of a node's public key.")
      }
      nodes.insert(key)
    }
    self.nodes = nodes
    if case .tls = address, nodes.isEmpty {
      throw .refused("no_nodes", "\(path) names no node that may ask over TLS: add nodes with its name and its public node key.")
    }
    guard let level = Logger.Level(rawValue: value(.logLevel)?.value ?? "info") else {
      throw .refused(
        "bad_value", "\(path): log.level is not one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    let format = value(.logFormat)?.value ?? "text"
    guard ["text", "json"].contains(format) else { throw .refused("bad_value", "\(path): log.format is not text or json.") }
    (self.level, isJSON) = (level, format == "json")
  }

  /// The commented file that `signer init` writes.
  static func text(listen: SignerAddress, node name: String, nodeKey: PublicKey, passphraseFile: String?) -> String {
    let passphrase =
      passphraseFile.map { "passphrase_file: '\($0.replacing("'", with: "''"))'" } ?? "#passphrase_file: /etc/cairn-signer/passphrase"
    return """
      # Configuration of the signer of the Cairn node \(name).

      # unix: and a path, for a node of the same user on this host; host:port for TLS with both keys pinned.
      listen: '\(listen)'

      # File with the passphrase of signer.keys, readable by the signer alone; without it: CAIRN_PASSPHRASE_FILE.
      \(passphrase)

      # Nodes that may ask over TLS: the public node key of each.
      nodes:
        \(name): '\(nodeKey)'

      log:
        level: info
        format: text

      """
  }
}
