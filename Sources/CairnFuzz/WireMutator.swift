/// Changes one field of an encoded Protobuf message, at any depth, and leaves the lengths around it right: so that a decoder gets past the
/// encoding to what the field says.
enum WireMutator {
  private struct Field {
    let number: UInt64
    let value: Value
  }

  private enum Value {
    case varint(UInt64)
    case fixed([UInt8], wireType: UInt8)
    case bytes([UInt8])
  }

  private static let depthLimit = 8
  private static let varints: [UInt64] = [
    0, 1, 2, 3, 127, 128, 255, 65_535, 131_072, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, .max,
  ]

  /// - Returns: `nil` when the bytes are no message.
  static func mutate(_ bytes: [UInt8], with other: [UInt8], _ random: inout FuzzRandom, depth: Int = 0) -> [UInt8]? {
    guard depth < depthLimit, var fields = read(bytes), !fields.isEmpty else { return nil }
    let index = random.below(fields.count)
    switch random.below(12) {
    case 0: fields.remove(at: index)
    case 1: fields.insert(fields[index], at: index)
    case 2: fields.swapAt(index, random.below(fields.count))
    case 3: fields[index] = Field(number: UInt64(random.below(24)), value: fields[index].value)
    case 4:
      guard let field = random.pick(read(other) ?? []) else { return nil }
      fields.insert(field, at: index)
    default: fields[index] = Field(number: fields[index].number, value: change(fields[index].value, with: other, &random, depth: depth))
    }
    return fields.reduce(into: []) { write($1, to: &$0) }
  }

  private static func change(_ value: Value, with other: [UInt8], _ random: inout FuzzRandom, depth: Int) -> Value {
    switch value {
    case .varint(let number):
      let near = random.chance(50) ? number &+ 1 : number &- 1
      return .varint(random.chance(40) ? near : random.pick(varints) ?? 0)
    case .fixed(var bytes, let wireType):
      bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
      return .fixed(bytes, wireType: wireType)
    case .bytes(var bytes):
      if random.chance(75), let inner = mutate(bytes, with: other, &random, depth: depth + 1) { return .bytes(inner) }
      switch random.below(5) {
      case 0: bytes = []
      case 1 where !bytes.isEmpty: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
      case 2 where !bytes.isEmpty: bytes.removeLast()
      case 3: bytes.append(UInt8.random(in: 0...255, using: &random))
      default: bytes.insert(contentsOf: bytes.prefix(64), at: random.below(bytes.count + 1))
      }
      return .bytes(bytes)
    }
  }

  private static func read(_ bytes: [UInt8]) -> [Field]? {
    var (fields, rest): ([Field], ArraySlice<UInt8>) = ([], bytes[...])
    while !rest.isEmpty {
      guard let key = varint(&rest), key >> 3 > 0 else { return nil }
      let value: Value
      switch key & 7 {
      case 0:
        guard let number = varint(&rest) else { return nil }
        value = .varint(number)
      case 2:
        guard let length = varint(&rest), length <= UInt64(rest.count) else { return nil }
        value = .bytes(Array(rest.prefix(Int(length))))
        rest = rest.dropFirst(Int(length))
      case let wireType where wireType == 1 || wireType == 5:
        let length = wireType == 1 ? 8 : 4
        guard rest.count >= length else { return nil }
        value = .fixed(Array(rest.prefix(length)), wireType: UInt8(wireType))
        rest = rest.dropFirst(length)
      default: return nil
      }
      fields.append(Field(number: key >> 3, value: value))
    }
    return fields
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func write(_ field: Field, to bytes: inout [UInt8]) {
    switch field.value {
    case .varint(let number):
      write(field.number << 3, to: &bytes)
      write(number, to: &bytes)
    case .fixed(let value, let wireType):
      write(field.number << 3 | UInt64(wireType), to: &bytes)
      bytes += value
    case .bytes(let value):
      write(field.number << 3 | 2, to: &bytes)
      write(UInt64(value.count), to: &bytes)
      bytes += value
    }
  }

  private static func write(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest > 0x7f {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
