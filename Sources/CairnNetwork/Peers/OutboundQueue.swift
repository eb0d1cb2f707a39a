import DequeModule
import NIOCore

/// A frame that waits for its connection. The payload is shared by the queues of all peers it goes to.
struct OutboundFrame {
  /// 0 for a message that is not answered.
  var requestID: UInt32 = 0
  let code: UInt16
  let payload: ByteBuffer

  var byteCount: Int { Frame.lengthByteCount + Frame.fieldsByteCount + payload.readableBytes }
}

/// What waits for one peer: a bounded queue for each lane, earlier lanes first.
struct OutboundQueue {
  private struct LaneQueue {
    var frames: Deque<OutboundFrame> = []
    var byteCount = 0
  }

  private var lanes = Lane.allCases.map { _ in LaneQueue() }
  private var isConnected = false
  /// Frames that were dropped because newer ones needed their place.
  private(set) var droppedCount = 0

  var frameCount: Int { lanes.reduce(0) { $0 + $1.frames.count } }
  var byteCount: Int { lanes.reduce(0) { $0 + $1.byteCount } }

  /// Appends to a lane, and makes room by dropping its oldest frames.
  ///
  /// - Returns: the ids of the requests among what was dropped.
  mutating func append(_ frame: OutboundFrame, to lane: Lane) -> [UInt32] {
    lanes[lane.rawValue].frames.append(frame)
    lanes[lane.rawValue].byteCount += frame.byteCount
    return trim(lane)
  }

  /// Takes the first frames, up to `byteCount` bytes but at least one frame; empty if nothing waits.
  mutating func removeFirst(upTo byteCount: Int) -> [OutboundFrame] {
    var taken: [OutboundFrame] = []
    var takenByteCount = 0
    for lane in lanes.indices {
      while let next = lanes[lane].frames.first {
        guard taken.isEmpty || takenByteCount + next.byteCount <= byteCount else { return taken }
        lanes[lane].frames.removeFirst()
        lanes[lane].byteCount -= next.byteCount
        takenByteCount += next.byteCount
        taken.append(next)
      }
    }
    return taken
  }

  /// The peer is connected: the full limits hold.
  mutating func connect() { isConnected = true }

  /// The peer is no longer connected: keeps the newest messages within ``Lane/limitWhileDisconnected``, and no requests, for their
  /// answers cannot come any more.
  mutating func disconnect() {
    isConnected = false
    for lane in Lane.allCases {
      lanes[lane.rawValue].frames.removeAll { $0.requestID != 0 }
      lanes[lane.rawValue].byteCount = lanes[lane.rawValue].frames.reduce(0) { $0 + $1.byteCount }
      _ = trim(lane)
    }
  }

  private mutating func trim(_ lane: Lane) -> [UInt32] {
    let limit = isConnected ? lane.limit : lane.limitWhileDisconnected
    var droppedRequests: [UInt32] = []
    while lanes[lane.rawValue].frames.count > limit.frames || lanes[lane.rawValue].byteCount > limit.bytes {
      let dropped = lanes[lane.rawValue].frames.removeFirst()
      lanes[lane.rawValue].byteCount -= dropped.byteCount
      droppedCount += 1
      if dropped.requestID != 0 { droppedRequests.append(dropped.requestID) }
    }
    return droppedRequests
  }
}
