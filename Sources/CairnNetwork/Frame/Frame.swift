package import NIOCore

/// The one frame of every link, all integers big-endian:
///
/// ```
/// length u32 | request id u32 | code u16 | flags u8 | payload
/// ```
///
/// `length` counts what follows it: 7 and the payload.
package struct Frame: Equatable, Sendable {
  /// Which request this frame is part of; 0 is the hello's.
  package var requestID: UInt32
  /// The method in a request, the status in an answer.
  package var code: UInt16
  package var flags: FrameFlags
  package var payload: ByteBuffer

  package init(requestID: UInt32, code: UInt16, flags: FrameFlags = .last, payload: ByteBuffer = ByteBuffer()) {
    self.requestID = requestID
    self.code = code
    self.flags = flags
    self.payload = payload
  }

  /// Bytes of the `length` field.
  static let lengthByteCount = 4
  /// Bytes that `length` counts beside the payload: request id, code, flags.
  static let fieldsByteCount = 7
}

/// What a frame says beside its payload. Bits not listed here are refused.
package struct FrameFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The sender's last frame of this request.
  package static let last = FrameFlags(rawValue: 1)
  /// The request is given up by its sender.
  package static let cancel = FrameFlags(rawValue: 2)
  /// The payload is a u32: how many more frames of this request the other side may send.
  package static let credit = FrameFlags(rawValue: 4)

  /// Every bit that has a meaning.
  static let known: FrameFlags = [.last, .cancel, .credit]
}

/// Why bytes were not accepted as a frame. The stream has no boundary to go on from, so the connection ends.
package enum FrameError: Error, Equatable, Sendable {
  /// `length` is less than the 7 bytes that every frame has.
  case tooShort(length: UInt32)
  /// The payload is longer than this connection allows; `requestID` is the frame's.
  case tooLong(requestID: UInt32, limit: Int, actual: Int)
  case unknownFlags(UInt8)

  /// Machine readable, for logs and metrics.
  package var reason: String {
    switch self {
    case .tooShort: "frame_too_short"
    case .tooLong: "frame_too_long"
    case .unknownFlags: "frame_unknown_flags"
    }
  }
}
