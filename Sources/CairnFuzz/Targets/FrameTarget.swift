import CairnNetwork
import NIOCore

extension FuzzTarget {
  static let frame = FuzzTarget(
    "frame", "frames of every link, in pieces", byteLimit: 8 << 10,
    seeds: {
      var buffer = ByteBuffer()
      buffer.writeFrame(Frame(requestID: 1, code: 3, payload: ByteBuffer(string: "payload")))
      buffer.writeFrame(Frame(requestID: 2, code: 0, flags: [.credit], payload: ByteBuffer(integer: UInt32(8))))
      return [Array(buffer.readableBytesView)]
    }
  ) { input in
    let whole = frames(of: input, in: input.count)
    for size in [1, 7, 64] {
      try require(frames(of: input, in: size) == whole, "other frames when the bytes come in pieces of \(size)")
    }
    var written = ByteBuffer()
    for frame in whole { written.writeFrame(frame) }
    try require(input.starts(with: written.readableBytesView), "what was accepted encodes to other bytes")
    return !whole.isEmpty
  }

  /// Up to the first that is none.
  private static func frames(of input: [UInt8], in size: Int) -> [Frame] {
    var (decoder, buffer, frames): (FrameDecoder, ByteBuffer, [Frame]) = (FrameDecoder(payloadLimit: 1_024), ByteBuffer(), [])
    for start in stride(from: 0, to: input.count, by: max(1, size)) {
      buffer.writeBytes(input[start..<min(input.count, start + max(1, size))])
      do {
        while let frame = try decoder.decode(buffer: &buffer) { frames.append(frame) }
      } catch { break }
    }
    return frames
  }

  static let linkMatrix = FuzzTarget(
    "links", "descriptions of slow links for tests", byteLimit: 4 << 10,
    words: ["sites ", "bits", "<>", " > ", "50ms", "1e9ms", "jitter=", "loss=", "%", "uniform:", "*", "#", "\n", "0.0001", "-1"],
    seeds: { LinkMatrix.profiles.values.sorted().map { Array($0.utf8) } + [Array("uniform:50ms,jitter=5ms,loss=0.1%".utf8)] }
  ) { input in
    guard let text = String(validating: input, as: UTF8.self) else { return false }
    let (matrix, profile) = (try? LinkMatrix(text: text), (try? LinkMatrix(profile: text)) ?? nil)
    for matrix in [matrix, profile].compactMap(\.self) {
      try require(!matrix.sites.isEmpty, "nodes that are nowhere")
      _ = matrix.links(of: 0, nodes: 7)
    }
    return matrix != nil || profile != nil
  }
}
