/// An IPv4 or IPv6 address or network (`Cedar.Spec.Ext.IPAddr`).
public struct CedarIPAddress: Hashable, Sendable {
  public enum Version: Int, Sendable {
    case v4 = 32
    case v6 = 128

    /// In bits.
    var width: Int { rawValue }
  }

  public let version: Version
  /// As written, the bits after the prefix included; IPv4 in the lower 32 bits.
  public let address: UInt128
  /// In bits; as wide as the address for a single one.
  public let prefixLength: Int

  /// The longest text, `ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/128`, in bytes.
  public static let textByteLimit = 43

  init(version: Version, address: UInt128, prefixLength: Int) {
    self.version = version
    self.address = address
    self.prefixLength = prefixLength
  }

  public var isIPv4: Bool { version == .v4 }
  public var isIPv6: Bool { version == .v6 }

  /// Within 127.0.0.0/8 or ::1/128.
  public var isLoopback: Bool {
    isInRange(isIPv4 ? Self(version: .v4, address: 127 << 24, prefixLength: 8) : Self(version: .v6, address: 1, prefixLength: 128))
  }

  /// Within 224.0.0.0/4 or ff00::/8.
  public var isMulticast: Bool {
    isInRange(
      isIPv4
        ? Self(version: .v4, address: 224 << 24, prefixLength: 4) : Self(version: .v6, address: 0xff << 120, prefixLength: 8))
  }

  /// Whether every address of this network is one of the other's.
  public func isInRange(_ other: CedarIPAddress) -> Bool {
    version == other.version && other.first <= first && last <= other.last
  }

  /// The bits after the prefix, all set.
  private var hostMask: UInt128 {
    let hostBits = version.width - prefixLength
    return hostBits >= 128 ? .max : (1 << UInt128(hostBits)) &- 1
  }

  private var first: UInt128 { address & ~hostMask }
  private var last: UInt128 { address | hostMask }
}

extension CedarIPAddress: Comparable {
  public static func < (left: CedarIPAddress, right: CedarIPAddress) -> Bool {
    (left.version.rawValue, left.address, left.prefixLength) < (right.version.rawValue, right.address, right.prefixLength)
  }
}

extension CedarIPAddress {
  /// An address, optionally with `/` and a prefix length. IPv4 embedded in IPv6 with dots is refused, and so are leading zeros.
  public init?(parsing text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.textByteLimit else { return nil }
    let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count <= 2, let addressText = parts.first else { return nil }
    if let address = Self.parseV4(addressText) {
      self.init(version: .v4, address: address, prefix: parts.dropFirst().first)
    } else if let address = Self.parseV6(addressText) {
      self.init(version: .v6, address: address, prefix: parts.dropFirst().first)
    } else {
      return nil
    }
  }

  private init?(version: Version, address: UInt128, prefix: ArraySlice<UInt8>?) {
    var length = version.width
    if let prefix {
      guard let given = Self.parseNumber(prefix, digits: version == .v4 ? 2 : 3, limit: Int64(version.width)) else { return nil }
      length = Int(given)
    }
    self.init(version: version, address: address, prefixLength: length)
  }

  private static func parseNumber(_ text: ArraySlice<UInt8>, digits: Int, limit: Int64) -> Int64? {
    guard (1...digits).contains(text.count), text.allSatisfy(Digits.isDigit), text.first != UInt8(ascii: "0") || text.count == 1,
      let number = Digits.int64(text), number <= limit
    else { return nil }
    return number
  }

  private static func parseV4(_ text: ArraySlice<UInt8>) -> UInt128? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt128 = 0
    for part in parts {
      guard let number = parseNumber(part, digits: 3, limit: 255) else { return nil }
      address = address << 8 | UInt128(number)
    }
    return address
  }

  private static func parseV6(_ text: ArraySlice<UInt8>) -> UInt128? {
    let colon = UInt8(ascii: ":")
    let gaps = text.indices.dropLast().filter { text[$0] == colon && text[$0 + 1] == colon }
    guard gaps.count <= 1 else { return nil }
    guard let gap = gaps.first else {
      guard let groups = parseGroups(text), groups.count == 8 else { return nil }
      return join(groups)
    }
    guard let left = parseGroups(text[..<gap]), let right = parseGroups(text[(gap + 2)...]), left.count + right.count < 8 else {
      return nil
    }
    return join(left + [UInt128](repeating: 0, count: 8 - left.count - right.count) + right)
  }

  private static func parseGroups(_ text: ArraySlice<UInt8>) -> [UInt128]? {
    guard !text.isEmpty else { return [] }
    var groups: [UInt128] = []
    for group in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      guard (1...4).contains(group.count) else { return nil }
      var number: UInt128 = 0
      for byte in group {
        guard let digit = Identifiers.hexDigit(byte) else { return nil }
        number = number << 4 | UInt128(digit)
      }
      groups.append(number)
    }
    return groups
  }

  private static func join(_ groups: [UInt128]) -> UInt128 { groups.reduce(0) { $0 << 16 | $1 } }
}

extension CedarIPAddress: CustomStringConvertible {
  /// IPv6 in full groups without compression, and the prefix length always.
  public var description: String {
    let groupWidth = isIPv4 ? 8 : 16
    let groups = stride(from: version.width - groupWidth, through: 0, by: -groupWidth).map { shift in
      String((address >> UInt128(shift)) & ((1 << UInt128(groupWidth)) &- 1), radix: isIPv4 ? 10 : 16)
    }
    return "\(groups.joined(separator: isIPv4 ? "." : ":"))/\(prefixLength)"
  }
}
