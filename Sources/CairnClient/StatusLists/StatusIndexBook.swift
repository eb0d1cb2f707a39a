public import CairnIdentity
import CairnLedger

/// Which indices of a status list its issuer has given to credentials, so that none is given twice. The ledger does not know: it sees
/// an index when its bit is set, and not before.
///
/// Indices are drawn at random, as Bitstring Status List 1.0, section 6.1, asks for: their order tells nothing about the credentials.
public struct StatusIndexBook: Hashable, Sendable {
  /// In bytes, of the text: the longest list, which does not compress, in base64.
  public static let byteLimit = 512 << 10

  public let list: StatusListID
  /// Bits.
  public let length: UInt32
  /// A bit is set for each index that was given.
  public private(set) var given: StatusBits

  /// - Parameter length: of the list, in bits; at most what a list may have.
  public init(list: StatusListID, length: UInt32) {
    (self.list, self.length) = (list, min(length, StatusList.lengths.upperBound))
    given = StatusBits(length: UInt64(self.length))
  }

  /// How many indices are left.
  public var remaining: UInt32 { length - UInt32(clamping: given.setCount) }

  /// Draws indices that were not given before.
  ///
  /// - Returns: so many, or none when fewer are left.
  public mutating func take(_ count: Int = 1, using generator: inout some RandomNumberGenerator) -> [UInt32] {
    guard count > 0, count <= Int(remaining) else { return [] }
    var taken: [UInt32] = []
    while taken.count < count {
      // At half full the second draw succeeds in half of all cases; a walk from there ends the search in a nearly full list.
      var index = UInt32.random(in: 0..<length, using: &generator)
      while given[UInt64(index)] == true { index = index + 1 < length ? index + 1 : 0 }
      given.set(UInt64(index))
      taken.append(index)
    }
    return taken
  }

  public mutating func take(_ count: Int = 1) -> [UInt32] {
    var generator = SystemRandomNumberGenerator()
    return take(count, using: &generator)
  }
}

extension StatusIndexBook {
  /// Canonical JSON.
  public var bytes: [UInt8] {
    let members = [
      JSON.Member("given", .string((try? BitstringStatusList.encode(given)) ?? "")), JSON.Member("length", .number(Double(length))),
      JSON.Member("list", .string(list.description)),
    ]
    return (try? JCS.encode(.object(members))) ?? []
  }

  public init(decoding bytes: [UInt8]) throws(StatusIndexError) {
    guard let json = try? JSON(parsing: bytes, limit: Self.byteLimit), let text = json["list"]?.string,
      let list = try? StatusListID(parsing: text), let length = json["length"]?.number.flatMap({ UInt32(exactly: $0) }),
      StatusList.lengths.contains(length), let encoded = json["given"]?.string, let given = try? BitstringStatusList.decode(encoded),
      given.length == (UInt64(length) + 7) / 8 * 8
    else { throw .malformed }
    (self.list, self.length, self.given) = (list, length, given)
  }
}

/// Why no index of a status list is given.
public enum StatusIndexError: Error, Equatable, Sendable {
  /// Not such a file, or a damaged one.
  case malformed
  /// The file is that of another list.
  case otherList(StatusListID)
  /// Fewer indices are left.
  case full(remaining: UInt32)
  /// The file cannot be read or written.
  case file(String)

  /// Machine readable.
  public var reason: String {
    switch self {
    case .malformed: "malformed_index_file"
    case .otherList: "index_file_of_other_list"
    case .full: "status_list_full"
    case .file: "index_file_unusable"
    }
  }
}
