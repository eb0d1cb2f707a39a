public import CairnCrypto
import Foundation

/// What a client trusts before it has asked anybody: a block it knows to be final, and the validators of that block's epoch.
///
/// Made from a genesis, or from any later block that the client verified or was told about by somebody it trusts.
public struct TrustAnchor: Hashable, Sendable {
  public var network: Digest
  public var epoch: UInt64
  public var height: UInt64
  /// Digest of the header at `height`.
  public var digest: Digest
  public var validators: ValidatorSet

  public init(network: Digest, epoch: UInt64, height: UInt64, digest: Digest, validators: ValidatorSet) {
    self.network = network
    self.epoch = epoch
    self.height = height
    self.digest = digest
    self.validators = validators
  }
}

extension TrustAnchor {
  private static let fileByteLimit = 128 << 10

  private struct File: Codable {
    var version = 1
    var network: String
    var epoch: UInt64
    var height: UInt64
    var digest: String
    /// Hexadecimal canonical ValidatorSet.
    var validators: String
  }

  /// The contents of a trust anchor file, JSON: `version`, `network`, `epoch`, `height`, `digest`, `validators`; digests and
  /// the canonical ValidatorSet in hexadecimal.
  public init(decoding bytes: [UInt8]) throws(ChainError) {
    guard bytes.count <= Self.fileByteLimit else { throw .encoding(.tooLong(limit: Self.fileByteLimit, actual: bytes.count)) }
    guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)) else { throw .encoding(.malformed) }
    guard file.version == 1 else { throw .version(UInt32(clamping: file.version)) }
    guard let network = Digest(hex: file.network) else { throw .field("network") }
    guard let digest = Digest(hex: file.digest) else { throw .field("digest") }
    guard let validators = Hex.decode(file.validators) else { throw .field("validators") }
    self.init(
      network: network, epoch: file.epoch, height: file.height, digest: digest, validators: try ValidatorSet(decoding: validators))
  }

  public var fileBytes: [UInt8] {
    let file = File(
      network: network.description, epoch: epoch, height: height, digest: digest.description, validators: Hex.encode(validators.bytes))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard let data = try? encoder.encode(file) else { preconditionFailure("strings and integers always encode") }
    return [UInt8](data) + [UInt8(ascii: "\n")]
  }
}
