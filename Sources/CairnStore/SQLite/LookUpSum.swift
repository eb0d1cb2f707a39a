/// Over the rows of a look-up table, in whatever order: two tables that lead to the same have the same sum, and one flipped bit changes it. Against
/// chance, not against somebody who means it.
struct LookUpSum: Equatable {
  private var sum: UInt64 = 0
  private var count = 0

  mutating func add(_ prefix: Int64, _ version: Int64, _ position: Int64) {
    sum &+= Self.mixed(Int64(bitPattern: Self.mixed(prefix, version)), position)
    count += 1
  }

  static func mixed(_ prefix: Int64, _ position: Int64) -> UInt64 {
    mix(mix(UInt64(bitPattern: prefix)) ^ UInt64(bitPattern: position))
  }

  /// The finalizer of SplitMix64.
  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
