import NIOCore
import Testing

@testable import CairnNetwork

@Suite("What waits for a peer")
struct OutboundQueueTests {
  private func frame(_ code: Int, request: UInt32 = 0, byteCount: Int = 0) -> OutboundFrame {
    OutboundFrame(requestID: request, code: UInt16(code), payload: ByteBuffer(repeating: 0, count: byteCount))
  }

  private func codes(_ queue: inout OutboundQueue, upTo byteCount: Int = .max) -> [UInt16] {
    queue.removeFirst(upTo: byteCount).map(\.code)
  }

  @Test("Votes leave before proposals, and proposals before the rest; each lane in order")
  func priority() {
    var queue = OutboundQueue()
    for (code, lane) in [(1, Lane.bulk), (2, .proposals), (3, .votes), (4, .bulk), (5, .votes)] { _ = queue.append(frame(code), to: lane) }
    #expect(queue.frameCount == 5)
    let order = codes(&queue)
    #expect(order == [3, 5, 2, 1, 4])
    #expect(queue.frameCount == 0)
    #expect(queue.byteCount == 0)
  }

  @Test("A full lane drops its oldest frame, counts it, and leaves the other lanes alone")
  func dropsOldest() {
    var queue = OutboundQueue()
    queue.connect()
    _ = queue.append(frame(9), to: .bulk)
    let limit = Lane.votes.limit.frames
    for code in 0..<(limit + 3) { _ = queue.append(frame(code), to: .votes) }
    #expect(queue.droppedCount == 3)
    #expect(queue.frameCount == limit + 1)
    let left = codes(&queue)
    #expect(left.first == 3)
    #expect(left.last == 9)
  }

  @Test("Bytes are bounded as frames are")
  func boundsBytes() {
    var queue = OutboundQueue()
    queue.connect()
    let count = Lane.bulk.limit.bytes / (1 << 20)
    for code in 0...count { _ = queue.append(frame(code, byteCount: 1 << 20), to: .bulk) }
    #expect(queue.byteCount <= Lane.bulk.limit.bytes)
    #expect(queue.droppedCount == 2)
    let left = codes(&queue)
    #expect(left.first == 2)
  }

  @Test("A dropped request is named")
  func namesDroppedRequests() {
    var queue = OutboundQueue()
    queue.connect()
    _ = queue.append(frame(1, request: 77), to: .proposals)
    let dropped = (1...Lane.proposals.limit.frames).map { _ in queue.append(frame(2), to: .proposals) }
    #expect(dropped.flatMap(\.self) == [77])
  }

  @Test("A batch ends at its bytes, and is never empty while something waits")
  func batches() {
    var queue = OutboundQueue()
    for code in 1...3 { _ = queue.append(frame(code, byteCount: 89), to: .bulk) }
    let batches = [250, 1, 1].map { codes(&queue, upTo: $0) }
    #expect(batches == [[1, 2], [3], []])
  }

  @Test("Without a connection only the newest messages are kept, and no requests")
  func disconnected() {
    var queue = OutboundQueue()
    queue.connect()
    let kept = Lane.votes.limitWhileDisconnected.frames
    for code in 0..<(kept + 10) { _ = queue.append(frame(code), to: .votes) }
    _ = queue.append(frame(500, request: 5), to: .bulk)
    queue.disconnect()
    #expect(queue.frameCount == kept)
    #expect(queue.droppedCount == 10)
    _ = queue.append(frame(600), to: .votes)
    #expect(queue.frameCount == kept)
    let left = codes(&queue)
    #expect(left.first == 11)
    #expect(left.last == 600)
    #expect(queue.byteCount == 0)
  }
}
