/// Makes new inputs of old ones.
struct Mutator {
  let target: FuzzTarget
  let words: [[UInt8]]

  init(_ target: FuzzTarget) {
    self.target = target
    words = target.words.map { Array($0.utf8) } + Self.interesting
  }

  /// Ends of ranges, and what text must not have.
  private static let interesting: [[UInt8]] = [
    [0], [0xff], [0x7f], [0x80], [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0x80, 0, 0, 0, 0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0xc3, 0x28], [0xed, 0xa0, 0x80],
    Array("e\u{301}".utf8), Array("\u{e9}".utf8), Array("\u{1f469}\u{200d}\u{1f4bb}".utf8), Array("\u{feff}".utf8),
    Array("9223372036854775807".utf8), Array("-9223372036854775808".utf8), Array("1e400".utf8), Array("%00".utf8), Array("\\u0000".utf8),
  ]

  /// - Parameter other: to take a part of.
  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
    var bytes = input
    for _ in 0...random.below(3) {
      if target.isProtobuf, random.chance(60), let changed = WireMutator.mutate(bytes, with: other, &random) {
        bytes = changed
      } else {
        change(&bytes, with: other, &random)
      }
    }
    return Array(bytes.prefix(target.byteLimit))
  }

  private func change(_ bytes: inout [UInt8], with other: [UInt8], _ random: inout FuzzRandom) {
    let position = random.below(bytes.count + 1)
    switch random.below(10) {
    case 0 where position < bytes.count: bytes[position] = UInt8.random(in: 0...255, using: &random)
    case 1 where position < bytes.count: bytes[position] ^= 1 << UInt8(random.below(8))
    case 2: bytes.removeSubrange(position..<min(bytes.count, position + 1 + random.below(8)))
    case 3: bytes.insert(contentsOf: bytes[position...].prefix(1 + random.below(24)), at: position)
    case 4: bytes.removeSubrange(position...)
    case 5:
      let start = random.below(other.count + 1)
      bytes.insert(contentsOf: other[start...].prefix(1 + random.below(64)), at: position)
    case 6 where random.chance(20): nest(&bytes, at: position, &random)
    default: bytes.insert(contentsOf: random.pick(words) ?? [], at: position)
    }
  }

  /// A short part or a word many times over: what is nested, chained or listed once may be so ten thousand times.
  private func nest(_ bytes: inout [UInt8], at position: Int, _ random: inout FuzzRandom) {
    let part = random.chance(50) ? Array(bytes[position...].prefix(1 + random.below(12))) : random.pick(words) ?? []
    let count = [8, 40, 300, 20_000][random.below(4)]
    bytes.insert(contentsOf: repeatElement(part, count: min(count, target.byteLimit / max(1, part.count))).joined(), at: position)
  }
}
