import CairnCrypto

/// The state tree's definition by recursion over the bits of sorted rows; slow and independent of the code under test.
enum NaiveState {
  typealias Row = (key: Digest, value: [UInt8])

  static func varint(_ number: Int) -> [UInt8] {
    number < 128 ? [UInt8(number)] : [UInt8(number & 127 | 128)] + varint(number >> 7)
  }

  static func bit(_ key: Digest, _ index: Int) -> Int { Int(key.bytes[index >> 3] >> (7 - UInt8(index & 7)) & 1) }

  /// The root over rows with different keys, which agree on the bits before `from`.
  static func root(_ rows: [Row], from: Int = 0) -> Digest {
    guard let first = rows.first else { return .sha256([]) }
    guard rows.count > 1 else { return .sha256([0] + varint(32) + first.key.bytes + varint(first.value.count) + first.value) }
    let left = rows.filter { bit($0.key, from) == 0 }
    let right = rows.filter { bit($0.key, from) == 1 }
    if left.isEmpty || right.isEmpty { return root(rows, from: from + 1) }
    return .sha256([1] + varint(from) + root(left, from: from + 1).bytes + root(right, from: from + 1).bytes)
  }

  /// Rows with different keys: some spread evenly, some that share long prefixes with others.
  static func rows(_ count: Int, seed: UInt64) -> [Row] {
    var generator = TestGenerator(state: seed)
    var rows: [Digest: [UInt8]] = [:]
    var keys: [Digest] = []
    while keys.count < count {
      var bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
      if let other = keys.randomElement(using: &generator), Bool.random(using: &generator) {
        bytes = other.bytes
        let index = Int.random(in: 0..<256, using: &generator)
        bytes[index >> 3] ^= 1 << UInt8(index & 7)
      }
      guard let key = Digest(bytes), rows[key] == nil else { continue }
      rows[key] = (0..<Int.random(in: 0...256, using: &generator)).map { UInt8(truncatingIfNeeded: $0 ^ keys.count) }
      keys.append(key)
    }
    return keys.map { ($0, rows[$0] ?? []) }
  }
}
