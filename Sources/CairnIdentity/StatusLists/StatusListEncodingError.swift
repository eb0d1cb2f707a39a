/// Why a status list cannot be written, or its text read; lengths in bits.
public enum StatusListEncodingError: Error, Equatable, Sendable {
  /// Fewer entries than a published list has.
  case tooFewEntries(minimum: UInt64, actual: UInt64)
  /// Unpacks to more than the reader's bound.
  case tooLong(limit: UInt64)
  case text(TextDecodingError)
  /// Not the expected compressed format, or its checksum is wrong.
  case malformedCompression
  case truncated
  /// Bytes after the compressed stream.
  case trailingBytes
  /// Not 1, 2, 4 or 8.
  case unsupportedBitCount

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .tooFewEntries: "status_list_too_short"
    case .tooLong: "status_list_too_long"
    case .text(let error): error.reason
    case .malformedCompression: "malformed_compression"
    case .truncated: "truncated_compression"
    case .trailingBytes: "trailing_compressed_bytes"
    case .unsupportedBitCount: "unsupported_status_bit_count"
    }
  }
}
