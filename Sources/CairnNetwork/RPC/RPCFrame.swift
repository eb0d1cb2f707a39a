import NIOCore

/// What a frame means to Cairn RPC.
enum RPCFrame: Equatable {
  /// A message, or with `last` and an empty payload the end of a stream.
  case data(ByteBuffer, last: Bool)
  /// The sender gives the request up. Only clients send it.
  case cancel
  /// The other side may send this many more frames that are not its last.
  case credit(Int)

  /// Control frames have no other flag, code 0, and exactly the payload they need.
  init(_ frame: Frame) throws(RPCViolation) {
    if frame.flags == .last || frame.flags.isEmpty {
      self = .data(frame.payload, last: frame.flags == .last)
      return
    }
    guard frame.code == 0, frame.requestID != 0 else { throw .malformedControlFrame }
    switch (frame.flags, frame.payload.readableBytes) {
    case (.cancel, 0):
      self = .cancel
    case (.credit, MemoryLayout<UInt32>.size):
      guard let count = frame.payload.getInteger(at: frame.payload.readerIndex, as: UInt32.self), count > 0 else {
        throw .malformedControlFrame
      }
      self = .credit(Int(count))
    default:
      throw .malformedControlFrame
    }
  }
}

extension FrameLink {
  func sendCancel(_ requestID: UInt32) { send(Frame(requestID: requestID, code: 0, flags: .cancel)) }

  func sendCredit(_ requestID: UInt32, _ count: Int) {
    send(requestID: requestID, code: 0, flags: .credit) { $0.writeInteger(UInt32(clamping: count)) }
  }
}

/// How a peer broke the rules of Cairn RPC. The connection ends.
public enum RPCViolation: String, Error, Sendable {
  /// The first frame was not a hello: request id 0, code 0, flag `last`.
  case helloExpected = "hello_expected"
  /// A frame with request id 0 after the hello.
  case helloRepeated = "hello_repeated"
  case malformedControlFrame = "malformed_control_frame"
  /// A request with the id of one that has not ended.
  case requestIDInUse = "request_id_in_use"
  /// A frame of a stream that names another method than its first.
  case methodChanged = "method_changed"
  /// A frame without a credit for it.
  case creditOverrun = "credit_overrun"
  /// More credits granted than ``CreditedSender/creditLimit``.
  case creditOverflow = "credit_overflow"
  /// Requests go on far beyond the limit on those in flight, in spite of the refusals.
  case limitsIgnored = "limits_ignored"
  /// An answer to a request that is not in flight.
  case unknownRequest = "unknown_request"
  /// A stream in answer to a call that has a single answer, or a failure that is not the last frame.
  case unexpectedStream = "unexpected_stream"
  /// A frame that only clients send, or only servers.
  case wrongDirection = "wrong_direction"
}
