import CairnNetwork
import Testing

@Suite("Token buckets")
struct TokenBucketTests {
  private static let second: UInt64 = 1_000_000_000

  /// Whether a token was taken at each of these times, in nanoseconds.
  private func taken(_ rate: TokenBucket.Rate, at times: [UInt64]) -> [Bool] {
    var bucket = TokenBucket(rate)
    return times.map { bucket.take(at: $0) }
  }

  @Test("A full bucket lets exactly its burst through at once")
  func burst() {
    #expect(
      taken(.init(perSecond: 10, burst: 3), at: [UInt64](repeating: 7 * Self.second, count: 5)) == [true, true, true, false, false])
  }

  @Test("One token returns after one interval, and not a nanosecond before")
  func refill() {
    let times = [0, 99_999_999, 100_000_000, 100_000_001].map { Self.second + $0 }
    #expect(taken(.init(perSecond: 10, burst: 1), at: times) == [true, false, true, false])
  }

  @Test("A long pause returns no more than the burst")
  func pause() {
    let times = [0, 0, 0] + [UInt64](repeating: 3600 * Self.second, count: 4)
    #expect(taken(.init(perSecond: 1000, burst: 3), at: times) == [true, true, true, true, true, true, false])
  }

  @Test("A second of steady demand passes at the rate")
  func steady() {
    let passed = taken(.init(perSecond: 256, burst: 1), at: (0..<10_000).map { $0 * 100_000 }).count { $0 }
    #expect((250...256).contains(passed))
  }

  @Test("A refused event takes nothing")
  func refusalIsFree() {
    let times = [0] + [UInt64](repeating: Self.second / 2, count: 3) + [Self.second]
    #expect(taken(.init(perSecond: 1, burst: 1), at: times) == [true, false, false, false, true])
  }

  @Test("A clock that goes back, or stands at its end, does no harm")
  func clocks() {
    #expect(taken(.init(perSecond: 1, burst: 1), at: [10, 5, 11].map { $0 * Self.second }) == [true, false, true])
    #expect(taken(.init(perSecond: 1, burst: 2), at: [.max]) == [true])
  }
}
