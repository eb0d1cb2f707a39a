public import CairnCrypto
public import CairnMessages
import Foundation

/// One node of the network, as its operator registered it.
public struct Validator: Hashable, Sendable {
  /// `[a-z0-9-]{1,32}`.
  public var name: String
  /// Signs votes.
  public var consensusKey: PublicKey
  /// Pinned in TLS.
  public var nodeKey: PublicKey
  /// `host:port` for other validators.
  public var peerAddress: String
  /// `host:port` of Cairn RPC.
  public var clientAddress: String

  public init(name: String, consensusKey: PublicKey, nodeKey: PublicKey, peerAddress: String, clientAddress: String) {
    self.name = name
    self.consensusKey = consensusKey
    self.nodeKey = nodeKey
    self.peerAddress = peerAddress
    self.clientAddress = clientAddress
  }

  public init(_ message: ProtoValidator) throws(ChainError) {
    guard let consensusKey = PublicKey(message.consensusKey), let nodeKey = PublicKey(message.nodeKey) else {
      throw .validatorSet(.key(validator: message.name))
    }
    self.init(
      name: message.name, consensusKey: consensusKey, nodeKey: nodeKey, peerAddress: message.peerAddress,
      clientAddress: message.clientAddress)
  }

  public var message: ProtoValidator {
    var message = ProtoValidator()
    message.name = name
    message.consensusKey = Data(consensusKey.bytes)
    message.nodeKey = Data(nodeKey.bytes)
    message.peerAddress = peerAddress
    message.clientAddress = clientAddress
    return message
  }

  static let nameLimit = 32
  /// 253 characters of a host name, a colon and five digits.
  static let addressLimit = 259

  /// What a registered validator must be, whoever registers it.
  public func validate() throws(ValidatorSetError) {
    let isNameByte = { (byte: UInt8) in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-")
    }
    guard (1...Self.nameLimit).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else { throw .name(name) }
    guard consensusKey.isValidPoint, nodeKey.isValidPoint, consensusKey != nodeKey else { throw .key(validator: name) }
    for address in [peerAddress, clientAddress] {
      guard address.utf8.count <= Self.addressLimit, let parsed = HostAndPort(address), parsed.port > 0 else {
        throw .address(validator: name)
      }
    }
  }
}

/// `host:port`, or `[v6 address]:port`. Each value has one text.
public struct HostAndPort: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// `nil` unless the host is letters, digits, `.`, `-` and `_`, or in brackets an address with colons, and the port a
  /// decimal number without sign or leading zero, up to 65535. Port 0 is for those who listen: the system chooses.
  public init?(_ text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let portText = text[text.utf8.index(after: colon)...]
    guard let port = UInt16(portText), String(port) == portText else { return nil }
    var host = text[..<colon].utf8
    if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
      host = host.dropFirst().dropLast()
      guard host.contains(UInt8(ascii: ":")), host.allSatisfy(Self.isAddressByte) else { return nil }
    } else {
      guard !host.isEmpty, host.allSatisfy(Self.isNameByte) else { return nil }
    }
    self.init(host: String(decoding: host, as: UTF8.self), port: Int(port))
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// Those of an IPv6 address and its zone (RFC 4007, section 11).
  private static func isAddressByte(_ byte: UInt8) -> Bool {
    isNameByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
