/// Counts of durations in buckets that are 1.6 % wide, so that any number of them takes the same few kilobytes.
struct LatencyHistogram: Sendable {
  /// Buckets of each power of two.
  private static let bucketBits: UInt64 = 6
  private static let bucketsPerPower: UInt64 = 1 << bucketBits
  /// Anything longer counts as this long: 2^40 ns are 18 minutes.
  private static let longestPower: UInt64 = 40

  private var counts = [UInt64](repeating: 0, count: Int((longestPower - bucketBits + 1) * bucketsPerPower))
  private(set) var count: UInt64 = 0
  private var sum: UInt64 = 0

  mutating func add(nanoseconds: UInt64, times: UInt64 = 1) {
    counts[Self.bucket(of: nanoseconds)] += times
    count += times
    sum &+= nanoseconds &* times
  }

  mutating func merge(_ other: LatencyHistogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    count += other.count
    sum &+= other.sum
  }

  var meanNanoseconds: UInt64 { count == 0 ? 0 : sum / count }

  /// The middle of the bucket below whose end lie so many of all; `nil` without any.
  func quantile(_ share: Double) -> UInt64? {
    guard count > 0 else { return nil }
    let rank = UInt64((share * Double(count)).rounded(.up))
    var seen: UInt64 = 0
    for (index, bucket) in counts.enumerated() {
      seen += bucket
      if seen >= max(rank, 1) { return Self.middle(of: UInt64(index)) }
    }
    return nil
  }

  /// The first two powers' worth of buckets hold one nanosecond each.
  private static func bucket(of nanoseconds: UInt64) -> Int {
    let value = min(nanoseconds, (1 << longestPower) - 1)
    guard value >= bucketsPerPower else { return Int(value) }
    let shift = UInt64(63 - value.leadingZeroBitCount) - bucketBits
    return Int((shift + 1) * bucketsPerPower + (value >> shift) - bucketsPerPower)
  }

  private static func middle(of index: UInt64) -> UInt64 {
    guard index >= bucketsPerPower else { return index }
    let shift = index / bucketsPerPower - 1
    let start = (bucketsPerPower + index % bucketsPerPower) << shift
    return start + (1 << shift) / 2
  }
}

/// The latencies of one load, in milliseconds.
struct Latency: Encodable, Sendable {
  let p50Ms: Double
  let p99Ms: Double

  /// `nil` when nothing was measured.
  init?(_ histogram: LatencyHistogram) {
    guard let median = histogram.quantile(0.5), let slow = histogram.quantile(0.99) else { return nil }
    (p50Ms, p99Ms) = (Double(median) / 1e6, Double(slow) / 1e6)
  }
}
