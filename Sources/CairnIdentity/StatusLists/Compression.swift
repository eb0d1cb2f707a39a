private import CZlib

/// DEFLATE (RFC 1951) in one of its two wrappings. What it unpacks is bounded before it is allocated.
enum Compression {
  /// RFC 1952.
  case gzip
  /// RFC 1950.
  case zlib

  /// zlib's largest window, and 16 more to ask for the gzip wrapping.
  private var windowBits: Int32 { self == .gzip ? 15 + 16 : 15 }

  /// In bytes: what is unpacked in one step, before it joins the output.
  private static let stepByteCount = 1 << 16

  func compress(_ bytes: [UInt8]) -> [UInt8] {
    Self.withStream { stream in
      let started = deflateInit2_(
        stream, Z_BEST_COMPRESSION, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      precondition(started == Z_OK, "zlib refuses only without memory, or a header of another version")
      defer { deflateEnd(stream) }
      return [UInt8](unsafeUninitializedCapacity: Int(deflateBound(stream, UInt(bytes.count)))) { output, count in
        let status = Self.run(stream, from: bytes[...], into: output) { deflate(stream, Z_FINISH) }
        precondition(status == Z_STREAM_END, "the bound of zlib holds the whole output")
        count = Int(stream.pointee.total_out)
      }
    }
  }

  /// The whole of one stream, and nothing after it.
  ///
  /// - Parameter limit: of the output, in bytes.
  func decompress(_ bytes: [UInt8], limit: Int) throws(StatusListEncodingError) -> [UInt8] {
    try Self.withStream { stream throws(StatusListEncodingError) in
      let started = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      precondition(started == Z_OK, "zlib refuses only without memory, or a header of another version")
      defer { inflateEnd(stream) }
      return try Self.unpack(bytes, from: stream, limit: limit)
    }
  }

  private static func unpack(
    _ bytes: [UInt8], from stream: UnsafeMutablePointer<z_stream>, limit: Int
  ) throws(StatusListEncodingError) -> [UInt8] {
    let scratch = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: stepByteCount)
    defer { scratch.deallocate() }
    var output: [UInt8] = []
    var status = Z_OK
    while status != Z_STREAM_END {
      let read = Int(stream.pointee.total_in)
      status = run(stream, from: bytes[read...], into: scratch) { inflate(stream, Z_NO_FLUSH) }
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw .malformedCompression }
      let count = Int(stream.pointee.total_out) - output.count
      guard output.count + count <= limit else { throw .tooLong(limit: UInt64(limit) * 8) }
      guard status == Z_STREAM_END || count > 0 || Int(stream.pointee.total_in) > read else { throw .truncated }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: scratch[..<count]))
    }
    guard Int(stream.pointee.total_in) == bytes.count else { throw .trailingBytes }
    return output
  }

  /// A stream that stays at its address: zlib's state points back to it.
  private static func withStream<Result, Failure: Error>(
    _ body: (UnsafeMutablePointer<z_stream>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    return try body(stream)
  }

  private static func run(
    _ stream: UnsafeMutablePointer<z_stream>, from input: ArraySlice<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>,
    step: () -> Int32
  ) -> Int32 {
    input.withUnsafeBufferPointer { input in
      // zlib's interface predates const; it does not write to its input.
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.pointee.avail_in = UInt32(clamping: input.count)
      stream.pointee.next_out = output.baseAddress
      stream.pointee.avail_out = UInt32(clamping: output.count)
      return step()
    }
  }
}
