/// Why a text is not a DID, a DID URL or a DID of this method.
public enum DIDError: Error, Equatable, Sendable {
  case tooLong(limit: Int, actual: Int)
  /// Does not start with `did:`.
  case noScheme
  case invalidMethodName
  /// Empty, or ends with a colon.
  case emptyIdentifier
  /// A character that its place does not admit, or a percent sign without two hexadecimal digits; `offset` in UTF-8 bytes.
  case invalidCharacter(offset: Int)
  case invalidPath
  case invalidQuery
  case invalidFragment
  /// Two query parameters of one name: which one counts would be the reader's guess.
  case duplicateParameter(String)
  /// A DID of another method than `cairn`.
  case wrongMethod
  /// `did:cairn:` is followed by two parts, the network and the identifier.
  case wrongPartCount
  case wrongNetworkLength
  case wrongNetworkAlphabet
  case wrongIdentifierLength
  case wrongIdentifierAlphabet
  /// Not a SHA-256 multihash.
  case wrongMultihash

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .tooLong: "did_too_long"
    case .noScheme: "no_did_scheme"
    case .invalidMethodName: "invalid_method_name"
    case .emptyIdentifier: "empty_identifier"
    case .invalidCharacter: "invalid_did_character"
    case .invalidPath: "invalid_did_path"
    case .invalidQuery: "invalid_did_query"
    case .invalidFragment: "invalid_did_fragment"
    case .duplicateParameter: "duplicate_did_parameter"
    case .wrongMethod: "wrong_did_method"
    case .wrongPartCount: "wrong_did_part_count"
    case .wrongNetworkLength: "wrong_network_length"
    case .wrongNetworkAlphabet: "wrong_network_alphabet"
    case .wrongIdentifierLength: "wrong_identifier_length"
    case .wrongIdentifierAlphabet: "wrong_identifier_alphabet"
    case .wrongMultihash: "wrong_multihash"
    }
  }
}

/// A decentralized identifier of any method, by the grammar of DID 1.1, section 3.1. Compared byte by byte: nothing is normalized.
public struct DID: Hashable, Sendable, CustomStringConvertible {
  /// In bytes. The specification has no limit; no method in use comes near this one.
  public static let byteLimit = 2048

  /// The whole DID; ASCII.
  public let description: String
  /// Count of characters before the colon that ends the method name.
  private let methodEnd: Int

  public init(parsing text: some StringProtocol) throws(DIDError) {
    let bytes = Array(text.utf8.prefix(Self.byteLimit + 1))
    guard bytes.count <= Self.byteLimit else { throw .tooLong(limit: Self.byteLimit, actual: text.utf8.count) }
    guard bytes.starts(with: "did:".utf8) else { throw .noScheme }
    let method = bytes[4...].prefix { $0 != UInt8(ascii: ":") }
    guard !method.isEmpty, method.endIndex < bytes.endIndex, method.allSatisfy(Self.isMethodCharacter) else { throw .invalidMethodName }
    let identifier = bytes[(method.endIndex + 1)...]
    guard let last = identifier.last, last != UInt8(ascii: ":") else { throw .emptyIdentifier }
    try Self.checkIdentifier(identifier)
    description = String(decoding: bytes, as: UTF8.self)
    methodEnd = method.endIndex
  }

  /// For example `cairn`.
  public var method: String { String(decoding: description.utf8.prefix(methodEnd).dropFirst(4), as: UTF8.self) }

  /// What follows the method name and its colon.
  public var methodSpecificIdentifier: String { String(decoding: description.utf8.dropFirst(methodEnd + 1), as: UTF8.self) }

  private static func isMethodCharacter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// `idchar` and the colon.
  private static func checkIdentifier(_ bytes: ArraySlice<UInt8>) throws(DIDError) {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      switch bytes[index] {
      case UInt8(ascii: "%"):
        guard bytes.endIndex - index > 2, URISyntax.isHexDigit(bytes[index + 1]), URISyntax.isHexDigit(bytes[index + 2]) else {
          throw .invalidCharacter(offset: index)
        }
        index += 3
      case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"):
        index += 1
      case let byte where URISyntax.isAlphanumeric(byte):
        index += 1
      default:
        throw .invalidCharacter(offset: index)
      }
    }
  }
}
