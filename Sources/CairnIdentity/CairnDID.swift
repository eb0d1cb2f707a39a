public import CairnCrypto

/// A DID of this method: `did:cairn:<net>:<scid>`.
///
/// `net` is the first 10 characters of base32(network); `scid` is base58btc of the SHA-256 multihash of the operation that created
/// the DID, so that nobody can choose or take over an identifier. Every identifier has one text.
public struct CairnDID: Hashable, Sendable {
  public static let method = "cairn"
  /// 50 bits: two networks that one resolver knows will not meet by accident, and the DID stays short.
  public static let networkPrefixLength = 10

  private static let scheme = "did:cairn:"
  /// sha2-256, 32 bytes (multihash).
  private static let multihashHeader: [UInt8] = [0x12, 0x20]
  /// 34 bytes that start with 0x12 always take 46 base58 characters.
  private static let identifierLength = 46

  /// 10 characters of base32.
  public let networkPrefix: String
  /// Of the canonical operation that created the DID.
  public let digest: Digest

  /// - Parameters:
  ///   - network: the digest of the canonical genesis.
  ///   - create: SHA-256 of the canonical `DidCreate`.
  public init(network: Digest, create: Digest) {
    networkPrefix = Self.networkPrefix(of: network)
    digest = create
  }

  /// Accepts exactly the texts that ``description`` writes.
  public init(parsing text: some StringProtocol) throws(DIDError) {
    let limit = Self.scheme.utf8.count + Self.networkPrefixLength + 1 + Self.identifierLength
    // One byte more than the longest shape of interest, so that nothing long is copied.
    let bytes = Array(text.utf8.prefix(2 * limit))
    guard bytes.starts(with: "did:".utf8) else { throw .noScheme }
    guard bytes.starts(with: Self.scheme.utf8) else { throw .wrongMethod }
    guard bytes.count < 2 * limit else { throw .tooLong(limit: limit, actual: text.utf8.count) }
    let parts = bytes.dropFirst(Self.scheme.utf8.count).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw .wrongPartCount }
    guard parts[0].count == Self.networkPrefixLength else { throw .wrongNetworkLength }
    guard Base32.isAlphabet(parts[0]) else { throw .wrongNetworkAlphabet }
    guard parts[1].count == Self.identifierLength else { throw .wrongIdentifierLength }
    guard let multihash = try? Base58.decode(String(decoding: parts[1], as: UTF8.self)) else { throw .wrongIdentifierAlphabet }
    guard multihash.starts(with: Self.multihashHeader), let digest = Digest(multihash.dropFirst(2)) else { throw .wrongMultihash }
    self.networkPrefix = String(decoding: parts[0], as: UTF8.self)
    self.digest = digest
  }

  /// What the DIDs of a network have in common.
  public static func networkPrefix(of network: Digest) -> String {
    String(Base32.encode(network.bytes).prefix(networkPrefixLength))
  }

  /// Whether this is a DID of the network.
  public func isOf(network: Digest) -> Bool { networkPrefix == Self.networkPrefix(of: network) }
}

extension CairnDID: CustomStringConvertible {
  public var description: String { Self.scheme + networkPrefix + ":" + Base58.encode(Self.multihashHeader + digest.bytes) }
}
