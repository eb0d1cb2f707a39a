import CairnCrypto

/// Everything that happens by chance in a simulation: the same seed, the same throws. SplitMix64.
final class Dice: RandomNumberGenerator {
  private var state: UInt64

  /// - Parameter purpose: dice of different purposes are independent, so that one more throw of one does not change the others.
  init(seed: UInt64, purpose: UInt64) {
    state = Self.mix(seed) ^ Self.mix(purpose &* 0x9e37_79b9_7f4a_7c15 &+ 1)
  }

  func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mix(state)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  func pick(_ range: ClosedRange<UInt64>) -> UInt64 {
    let (span, overflow) = (range.upperBound - range.lowerBound).addingReportingOverflow(1)
    // The bias of a remainder is below 2^-32 for every range used here, and the same everywhere.
    return overflow ? next() : range.lowerBound + next() % span
  }

  func pick(_ range: ClosedRange<Int>) -> Int { Int(pick(UInt64(range.lowerBound)...UInt64(range.upperBound))) }

  func pick<Element>(from elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[pick(0...elements.count - 1)]
  }

  /// - Parameter perMille: how often of a thousand times.
  func chance(_ perMille: Int) -> Bool { perMille > 0 && pick(0...999) < perMille }

  func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  func signingKey() -> SigningKey {
    guard let key = SigningKey(seed: bytes(SigningKey.seedByteCount)) else { preconditionFailure("a seed has 32 bytes") }
    return key
  }
}
