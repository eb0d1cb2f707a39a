import CairnCrypto
import CairnMerkle

/// Whether a verification returns without an error.
func isProven(_ verify: () throws(ProofError) -> Void) -> Bool {
  do {
    try verify()
    return true
  } catch {
    return false
  }
}

/// The error of a verification, `nil` when there is none.
func refusal<Value>(_ verify: () throws(ProofError) -> Value) -> ProofError? {
  do {
    _ = try verify()
    return nil
  } catch {
    return error
  }
}

extension Digest {
  /// With one bit of one byte changed.
  func flipped(byte: Int) -> Digest {
    var bytes = bytes
    bytes[byte] ^= 0x04
    return Digest(bytes) ?? .zero
  }
}

/// Reproducible numbers (SplitMix64).
struct TestGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
