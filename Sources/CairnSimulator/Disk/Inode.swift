#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The content of one file: as its readers see it, and as it is on stable storage.
final class Inode {
  /// What was done since the last sync. Until then any part of it may get lost.
  enum Change {
    case write(offset: Int, bytes: [UInt8])
    case truncate(byteCount: Int)
  }

  private(set) var current = Content()
  private(set) var durable = Content()
  private(set) var pending: [Change] = []

  func write(_ bytes: [UInt8], at offset: Int) {
    current.write(bytes[...], at: offset)
    pending.append(.write(offset: offset, bytes: bytes))
  }

  func append(_ bytes: [UInt8]) { write(bytes, at: current.count) }

  func truncate(_ byteCount: Int) {
    current.resize(byteCount)
    pending.append(.truncate(byteCount: byteCount))
  }

  func sync() {
    for change in pending { Self.apply(change, to: &durable) }
    pending = []
  }

  /// A copy of what is on stable storage.
  func snapshot() -> Inode {
    let copy = Inode()
    (copy.current, copy.durable) = (durable, durable)
    return copy
  }

  /// What a power cut leaves of the changes since the last sync.
  ///
  /// - Parameter sectorByteCount: what the disk writes as a whole.
  func losePower(_ fate: PowerCut.Fate, sectorByteCount: Int, _ dice: Dice) {
    switch fate {
    case .lost: break
    case .kept: sync()
    case .torn: for change in pending { tear(change, sectorByteCount, dice) }
    }
    pending = []
    current = durable
  }

  /// Sector by sector, and in any order.
  private func tear(_ change: Change, _ sectorByteCount: Int, _ dice: Dice) {
    guard case .write(let offset, let bytes) = change else {
      if dice.chance(500) { Self.apply(change, to: &durable) }
      return
    }
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, ((offset + start) / sectorByteCount + 1) * sectorByteCount - offset)
      if dice.chance(500) { durable.write(bytes[start..<end], at: offset + start) }
      start = end
    }
  }

  func flip(bit: Int) {
    durable.flip(bit: bit)
    current.flip(bit: bit)
  }

  private static func apply(_ change: Change, to content: inout Content) {
    switch change {
    case .write(let offset, let bytes): content.write(bytes[...], at: offset)
    case .truncate(let byteCount): content.resize(byteCount)
    }
  }
}

/// A file's bytes, with room to grow: files are written in pieces, and debug builds shall not take the time of a disk.
struct Content {
  private var storage: [UInt8] = []
  private(set) var count = 0

  var bytes: [UInt8] { Array(storage.prefix(count)) }

  subscript(range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { target, initialized in
      initialized = target.baseAddress.map { read($0, range.count, at: range.lowerBound) } ?? 0
    }
  }

  /// - Returns: how many bytes there were.
  func read(_ target: UnsafeMutableRawPointer, _ byteCount: Int, at offset: Int) -> Int {
    let available = max(0, min(byteCount, count - offset))
    storage.withUnsafeBytes { source in
      if available > 0, let base = source.baseAddress { memcpy(target, base.advanced(by: offset), available) }
    }
    return available
  }

  mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int) {
    if count < offset + bytes.count { resize(offset + bytes.count) }
    storage.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        guard let to = target.baseAddress?.advanced(by: offset), let from = source.baseAddress else { return }
        memcpy(to, from, source.count)
      }
    }
  }

  /// What is new is zero.
  mutating func resize(_ byteCount: Int) {
    if byteCount > storage.count {
      var larger = [UInt8](repeating: 0, count: max(byteCount, 2 * storage.count))
      larger.withUnsafeMutableBytes { target in
        if let base = target.baseAddress { _ = read(base, count, at: 0) }
      }
      storage = larger
    } else if byteCount < count {
      storage.withUnsafeMutableBytes { target in
        if let base = target.baseAddress { memset(base.advanced(by: byteCount), 0, count - byteCount) }
      }
    }
    count = byteCount
  }

  mutating func flip(bit: Int) {
    if bit / 8 < count { storage[bit / 8] ^= 1 << UInt8(bit % 8) }
  }
}
