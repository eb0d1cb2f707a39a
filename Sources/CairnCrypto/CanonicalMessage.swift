public import SwiftProtobuf

/// Why bytes from outside were not accepted as a message.
public enum CanonicalError: Error, Equatable, Sendable {
  case tooLong(limit: Int, actual: Int)
  /// Not Protobuf of this message, or nested too deeply.
  case malformed
  /// Decodes, but these are not the bytes that the value encodes to: an unknown field, a default written out, fields out of
  /// order, a varint longer than needed.
  case notCanonical
}

/// Protobuf with exactly one accepted byte string per value, for everything that is hashed or signed.
public enum Canonical {
  /// Nothing of ours nests deeper than six.
  private static let depthLimit = 16

  /// - Parameter limit: in bytes, checked before anything is decoded.
  public static func decode<M: Message>(_ type: M.Type = M.self, from bytes: [UInt8], limit: Int) throws(CanonicalError) -> M {
    guard bytes.count <= limit else { throw .tooLong(limit: limit, actual: bytes.count) }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = depthLimit
    options.discardUnknownFields = true
    guard let message = try? M(serializedBytes: bytes, options: options) else { throw .malformed }
    guard let encoded = try? message.serializedBytes() as [UInt8], encoded == bytes else { throw .notCanonical }
    return message
  }

  /// The one byte string of this value.
  public static func encode(_ message: some Message) -> [UInt8] {
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    guard let bytes: [UInt8] = try? message.serializedBytes(options: options) else {
      preconditionFailure("a proto3 message without extensions or Any always encodes")
    }
    return bytes
  }
}
