public import CairnCrypto
import SwiftProtobuf

/// Why bytes are not a record of the state.
public enum RecordError: Error, Equatable, Sendable {
  case encoding(CanonicalError)
  /// The named field is absent or not what it must be.
  case field(String)

  public var reason: String {
    switch self {
    case .encoding(.tooLong): "too_long"
    case .encoding(.malformed): "malformed"
    case .encoding(.notCanonical): "not_canonical"
    case .field: "bad_field"
    }
  }
}

extension Message {
  static func record(_ bytes: [UInt8], limit: Int) throws(RecordError) -> Self {
    do { return try Canonical.decode(from: bytes, limit: limit) } catch { throw .encoding(error) }
  }
}
