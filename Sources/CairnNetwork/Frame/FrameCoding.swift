package import NIOCore

/// Takes frames off the front of a buffer.
///
/// A frame is judged as soon as its 11 bytes of header are there, before anything is collected for its payload.
package struct FrameDecoder: NIOSingleStepByteToMessageDecoder, Sendable {
  package typealias InboundOut = Frame

  /// Bytes of payload that a frame may have at most.
  package var payloadLimit: Int

  package init(payloadLimit: Int) { self.payloadLimit = payloadLimit }

  /// The next frame, or `nil` until more bytes have come. Its payload shares the buffer's storage.
  package mutating func decode(buffer: inout ByteBuffer) throws(FrameError) -> Frame? {
    let start = buffer.readerIndex
    guard let length = buffer.getInteger(at: start, as: UInt32.self) else { return nil }
    let payloadByteCount = Int(length) - Frame.fieldsByteCount
    guard payloadByteCount >= 0 else { throw .tooShort(length: length) }
    guard
      let (requestID, code, rawFlags) = buffer.getMultipleIntegers(
        at: start + Frame.lengthByteCount, as: (UInt32, UInt16, UInt8).self)
    else { return nil }
    let flags = FrameFlags(rawValue: rawFlags)
    guard FrameFlags.known.isSuperset(of: flags) else { throw .unknownFlags(rawFlags) }
    guard payloadByteCount <= payloadLimit else {
      throw .tooLong(requestID: requestID, limit: payloadLimit, actual: payloadByteCount)
    }
    let headerByteCount = Frame.lengthByteCount + Frame.fieldsByteCount
    guard buffer.readableBytes >= headerByteCount + payloadByteCount else { return nil }
    buffer.moveReaderIndex(forwardBy: headerByteCount)
    guard let payload = buffer.readSlice(length: payloadByteCount) else { return nil }
    return Frame(requestID: requestID, code: code, flags: flags, payload: payload)
  }

  /// A connection that ends inside a frame loses that frame; nothing of it is delivered.
  package mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws(FrameError) -> Frame? {
    try decode(buffer: &buffer)
  }
}

extension ByteBuffer {
  /// Appends a frame.
  package mutating func writeFrame(_ frame: Frame) {
    writeFrame(requestID: frame.requestID, code: frame.code, flags: frame.flags) { $0.writeImmutableBuffer(frame.payload) }
  }

  /// Appends a frame whose payload `body` writes in place; the length in front of it is filled in afterwards.
  package mutating func writeFrame(
    requestID: UInt32, code: UInt16, flags: FrameFlags, body: (inout ByteBuffer) -> Void
  ) {
    let start = writerIndex
    writeMultipleIntegers(UInt32(0), requestID, code, flags.rawValue)
    body(&self)
    let length = writerIndex - start - MemoryLayout<UInt32>.size
    guard let length = UInt32(exactly: length) else { preconditionFailure("a ByteBuffer is shorter than 4 GiB") }
    setInteger(length, at: start)
  }
}
