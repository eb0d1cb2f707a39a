/// What is accepted from one peer: a token bucket for each code. It outlives connections, so that connecting anew does not refill it.
struct Intake {
  enum Verdict: Equatable {
    case accept
    /// Over its rate, or a code that this node does not know, perhaps from a newer version.
    case drop
    case payloadTooLong
  }

  private struct Entry {
    let rule: MessageRule
    var bucket: TokenBucket
  }

  private var entries: [UInt16: Entry]
  private(set) var droppedCount = 0

  init(_ rules: [UInt16: MessageRule]) { entries = rules.mapValues { Entry(rule: $0, bucket: TokenBucket($0.rate)) } }

  mutating func judge(_ code: UInt16, payloadByteCount: Int, at nowNanoseconds: UInt64) -> Verdict {
    if let rule = entries[code]?.rule, payloadByteCount > rule.maximumPayloadByteCount { return .payloadTooLong }
    if entries[code]?.bucket.take(at: nowNanoseconds) == true { return .accept }
    droppedCount += 1
    return .drop
  }
}
